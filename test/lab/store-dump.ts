// Runs inside of a host of the lab: prints all of Calico's keys in the fabric's etcd, as a JSON object.
import { prefixRange } from '../../src/store/datastore.ts'
import { openDatastore } from '../../src/store/open.ts'

const datastore = await openDatastore({ driver: 'etcd', endpoints: (process.env['ETCD_ENDPOINTS'] ?? '').split(',') })
const { keyValues } = await datastore.range(prefixRange('/calico/'))
await datastore.close()
process.stdout.write(JSON.stringify(Object.fromEntries(keyValues.map(({ key, value }) => [key, value]))))

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type DockerApi, dockerApi } from '../../../src/agent/docker/docker-api.ts'

describe("Docker's API", () => {
  let folder: string
  let server: Server
  let api: DockerApi
  const asked: string[] = []
  const answers: Record<string, [number, string]> = {}

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-docker-api-'))
    server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? '')
      asked.push(path)
      const [status, body] = answers[path] ?? [404, '{"message":"not found"}']
      response.writeHead(status).end(body)
    })
    await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve))
    api = dockerApi(join(folder, 'docker.sock'))
  })
  after(async () => {
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true, force: true })
  })

  it('tells the name of a network and whose endpoints are in it', async () => {
    answers['/networks/n1'] = [200, '{"Name":"net1","Containers":{"ep-e1":{"Name":"web","EndpointID":"e1"},"c2":{"Name":"db","EndpointID":"e2"}}}']
    const endpoints = [
      { id: 'e1', name: 'web' },
      { id: 'e2', name: 'db' },
    ]
    assert.deepEqual(await api.network('n1'), { name: 'net1', endpoints })
    assert.equal(await api.network('n2'), undefined)
  })

  it('finds a container by its whole name, never by its id alone', async () => {
    answers['/containers/json?all=1&filters={"name":["^/web[.]1$"]}'] = [200, '[{"Id":"c1","Labels":{"a":"b","n":1}}]']
    assert.deepEqual(await api.containerNamed('web.1'), { id: 'c1', labels: { a: 'b' } })
    answers['/containers/json?all=1&filters={"name":["^/db$"]}'] = [200, '[]']
    assert.equal(await api.containerNamed('db'), undefined)
    assert.ok(asked.every((path) => !/^\/containers\/(?!json)/.test(path)))
  })

  it('says whether networks are shared', async () => {
    answers['/info'] = [200, '{"ClusterStore":"etcd://127.0.0.1:2379"}']
    assert.equal(await api.sharesNetworks(), true)
    answers['/info'] = [200, '{}']
    assert.equal(await api.sharesNetworks(), false)
  })

  it('is told to be out of order', async () => {
    answers['/networks/n3'] = [500, '{}']
    await assert.rejects(api.network('n3'), /status 500/)
    answers['/networks/n4'] = [200, '<html>']
    await assert.rejects(api.network('n4'), /not JSON/)
    await assert.rejects(dockerApi(join(folder, 'none.sock')).network('n1'), /Docker does not answer on .*none\.sock/)
  })
})

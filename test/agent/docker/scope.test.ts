import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DockerApiError } from '../../../src/agent/docker/docker-request.ts'
import { scopeOfDocker } from '../../../src/agent/docker/scope.ts'
import { openMemory } from '../../../src/store/drivers/memory.ts'

const answering = (shares: boolean) => ({ sharesNetworks: async () => shares })
const starting = { sharesNetworks: () => Promise.reject(new DockerApiError('Docker does not answer')) }

test('the scope is that of Docker', async () => {
  assert.equal(await scopeOfDocker(openMemory(), answering(true), 'host1'), 'global')
  assert.equal(await scopeOfDocker(openMemory(), answering(false), 'host1'), 'local')
})

test('while Docker starts, the scope is the last known, else local', async () => {
  const store = openMemory()
  assert.equal(await scopeOfDocker(store, starting, 'host1'), 'local')
  await scopeOfDocker(store, answering(true), 'host1')
  assert.equal(await scopeOfDocker(store, starting, 'host1'), 'global')
  assert.equal(await scopeOfDocker(store, starting, 'host2'), 'local')
})

// The official JavaScript client as a page of the server itself would run it: with a session's cookie, every request
// and every method that is called taken down. The client is unmodified; only what a browser has and Node lacks is
// given to it (its transport by fetch, `require`, and endings of file names, which the packers of pages do not ask for).

import { createRequire, register } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(`${process.argv[2]}/package.json`)
const axios = require('axios')
globalThis.require = require

const withEnding = `export const resolve = (name, context, next) =>
  next(name, context).catch(() => next(name + '.js', context))`
register(`data:text/javascript,${encodeURIComponent(withEnding)}`)

export const report = { requests: [], steps: {}, uncalled: [] }
export const client = await import(pathToFileURL(require.resolve('cytomine-client')))
const host = process.argv[3]
const called = new Set()
const known = new Set()
let cookie = ''

axios.defaults.adapter = async (config) => {
  const url = new URL(axios.getUri({ url: config.url, params: config.params }).replace(/^(?!http)/, config.baseURL ?? ''))
  // As XMLHttpRequest does it, a form says its own type.
  const headers = { cookie, origin: host, accept: 'application/json, text/plain, */*' }
  if (typeof config.data === 'string') headers['content-type'] = 'application/json;charset=utf-8'
  const answer = await fetch(url, { method: config.method.toUpperCase(), headers, body: config.data })
  const text = await answer.text()
  report.requests.push([config.method.toUpperCase(), url.pathname, answer.status])
  let data = text
  try {
    data = JSON.parse(text)
  } catch {
    // Not everything is JSON.
  }
  const response = { data, status: answer.status, headers: {}, config }
  if (answer.ok) return response
  throw Object.assign(new Error(`${answer.status}`), { response, config })
}

export async function signIn(username, password) {
  const answer = await fetch(`${host}/api/atrisys/session.json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: host },
    body: JSON.stringify({ username, password }),
  })
  cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ')
  client.Cytomine._instance = null
  return new client.Cytomine(host)
}

/** Whether a page could show or save what stands at an address that the client has made. */
export async function look(url) {
  const { status } = await client.Cytomine.instance.api.get(url)
  return status === 200
}

/** One thing that is tried; what it gives, or why it failed, goes into the report. */
export async function step(name, work) {
  try {
    report.steps[name] = JSON.parse(JSON.stringify((await work()) ?? null))
  } catch (error) {
    report.steps[name] = { failed: `${error.message}`.slice(0, 300) }
  }
}

export const all = (kind, words = {}) => kind.fetchAll(words)
export const ids = (collection) => collection.array.map((one) => one.id)
export const of = (key, value) => ({ filterKey: key, filterValue: value })
export const byId = (kind) => (model) => kind.fetch(model.id)

/** Saves, fetches, changes, fetches again, finds it in a list, deletes it, and finds it gone. */
export async function live(name, model, { change, fetch, list, remove }) {
  await step(name, async () => {
    const seen = {}
    await model.save()
    seen.saved = model.id > 0
    if (fetch) seen.fetched = (await fetch(model)).id === model.id
    if (change) {
      Object.assign(model, change)
      await model.update()
      const again = await fetch(model)
      seen.changed = Object.entries(change).every(([key, value]) => again[key] === value)
    }
    if (list) seen.listed = ids(await list()).includes(model.id)
    await (remove ? remove(model) : model.delete())
    if (fetch) seen.gone = await fetch(model).then(() => false, (error) => error.response.status === 404)
    if (list) seen.unlisted = !ids(await list()).includes(model.id)
    return seen
  })
}

// Every method that asks the server, on every class that the client exports.
function watch(name, holder, isStatic) {
  for (const [method, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    if (typeof value !== 'function' || value.constructor.name !== 'AsyncFunction' || method.startsWith('_')) continue
    const full = `${name}${isStatic ? '.' : '#'}${method}`
    known.add(full)
    holder[method] = function (...given) {
      called.add(full)
      return value.apply(this, given)
    }
  }
}

for (const [name, kind] of Object.entries(client)) {
  if (typeof kind !== 'function') continue
  watch(name, kind, true)
  watch(name, kind.prototype, false)
}

export function finish() {
  report.uncalled = [...known].filter((one) => !called.has(one)).sort()
  report.collections = Object.keys(client).filter((one) => one.endsWith('Collection'))
  return report
}

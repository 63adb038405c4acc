// What the official JavaScript client does and hears of people: members, activity, statistics, accounts.

import { all, byId, client, ids, live, of, signIn, step } from './javascript_client.mjs'

const c = client

/** As who manages the project. */
export async function lookAround({ cytomine, me, project, image, base, ontology, bob, charlie, slice, term, draw, world }) {
  await step('members', async () => {
    await project.addUser(charlie)
    await project.addAdmin(charlie)
    const managers = (await project.fetchAdministrators()).array.map((one) => one.username).sort()
    await new c.ProjectRepresentative({ project: project.id, user: charlie }).save()
    await c.ProjectRepresentative.delete(0, project.id, charlie)
    await project.deleteAdmin(charlie)
    await project.deleteUser(charlie)
    await project.addUsers([charlie])
    const members = ids(await all(c.UserCollection, of('project', project.id))).length
    await project.deleteUsers([charlie])
    return [
      managers, members, (await project.fetchUsers()).length, (await project.fetchRepresentatives()).length,
      (await project.fetchCreator()).id === me.id, (await project.fetchUserLayers(image.id)).length,
      ids(await all(c.UserCollection, of('ontology', ontology.id))).length, ids(await all(c.UserCollection)).length,
      (await me.fetchFriends(project.id, true)).length,
    ]
  })
  await step('storages', async () => {
    const storage = await c.Storage.fetch(world.storage)
    await storage.addUsers([bob], 'READ')
    const rights = async () => (await all(c.StorageUserCollection, of('storage', storage.id))).array.map((one) => one.username).sort()
    const before = await rights()
    await storage.changePermission(bob, 'WRITE')
    await storage.deleteUsers([bob])
    const access = (await all(c.StorageAccessCollection)).array.find((one) => one.id === storage.id)
    return [before, await rights(), access.permission]
  })
  await step('activity', async () => {
    await new c.ProjectConnection({ project: project.id }).save()
    await new c.ImageConsultation({ image: image.id }).save()
    const corners = { topLeftX: 0, topLeftY: 9, topRightX: 9, topRightY: 9, bottomLeftX: 0, bottomLeftY: 0, bottomRightX: 9, bottomRightY: 0 }
    await c.UserPosition.create({ image: image.id, zoom: 2, rotation: 0, broadcast: true, ...corners })
    await c.UserPosition.create({ slice: slice.id, zoom: 3, rotation: 0, broadcast: true, ...corners })
    const connections = await all(c.ProjectConnectionCollection, { project: project.id, user: me.id })
    const during = await all(c.ImageConsultationCollection, { projectConnection: connections.get(0).id })
    return [
      (await c.UserPosition.fetchLastPosition(image.id, me.id, true)).zoom,
      (await all(c.UserPositionCollection, of('imageinstance', image.id))).array.map((one) => one.zoom),
      connections.length, during.length,
      (await all(c.ImageConsultationCollection, { project: project.id, user: me.id })).length,
      (await all(c.ImageConsultationCollection, { project: project.id, user: me.id, resume: true })).length,
      (await c.ImageInstanceCollection.fetchLastOpened({ project: project.id, user: me.id })).length,
      (await c.ImageInstanceCollection.fetchLastOpened({ max: 1 })).length,
      (await c.ProjectCollection.fetchLastOpened(1)).map((one) => one.id === project.id),
      (await image.fetchConnectedUsers(true)).length, (await c.UserCollection.fetchFollowers(me.id, image.id)).length,
      (await project.fetchConnectedUsers()).length, (await project.fetchUsersActivity()).length,
      (await me.fetchResumeActivity(project.id)).totalConnections,
      await project.fetchNbConnections({}), await project.fetchNbImageConsultations({}), await project.fetchNbAnnotationActions({}),
    ]
  })
  await step('counted over time', async () => {
    const months = { daysRange: 30, startDate: Date.now() - 86400000, accumulate: true }
    const people = { project: project.id, period: 'day' }
    return [
      await project.fetchConnectionsEvolution(months), await project.fetchImageConsultationsEvolution(months),
      await project.fetchAnnotationActionsEvolution(months),
      await project.fetchAnnotationsEvolution({ ...months, annotationType: c.AnnotationType.USER, reverseOrder: false }),
      await c.ProjectConnectionCollection.fetchAverageConnections(people),
      await c.ProjectConnectionCollection.fetchConnectionsFrequency(people),
      await c.ProjectConnectionCollection.fetchConnectionsFrequency({ ...people, user: me.id }),
    ].map((rows) => rows.length > 0)
  })
  await step('statistics', async () => {
    const one = await draw(undefined, { term: [term.id] })
    const rows = [
      await project.fetchStatsTerms({ leafsOnly: true }), await project.fetchStatsAnnotatedImagesByTerm(),
      await project.fetchStatsAnnotationCreators(), await project.fetchStatsAnnotatedImagesByCreator(),
    ].map((said) => said.reduce((sum, row) => sum + row.value, 0))
    const counts = [await project.fetchNbAnnotations({ annotationType: c.AnnotationType.USER }), await me.fetchNbAnnotations(false, project.id)]
    await step('index of a slice', async () => (await slice.fetchAnnotationsIndex()).length)
    await step('index of an image', async () => (await image.fetchAnnotationsIndex()).length)
    await new c.Property({ key: 'grade', value: '2' }, one).save()
    const keys = [
      await c.PropertyCollection.fetchKeysAnnotationProperties(project.id), await c.PropertyCollection.fetchKeysImageProperties(project.id),
      (await c.PropertyCollection.fetchPropertiesValuesAndPositions(me.id, image.id, 'grade')).map((row) => [row.x, row.y, row.value]),
    ]
    await one.delete()
    return [rows, counts, keys]
  })
  await step('history', async () => [
    (await project.fetchCommandHistory({ max: 5 })).length, (await c.Project.fetchCommandHistory({ max: 5 })).length,
  ])
  await step('pictures', async () => [
    (await image.fetchHistogram({ nBins: 16 })).histogram.length > 0, Object.keys(await image.fetchHistogramBounds()).length > 0,
    (await image.fetchChannelHistograms()).length, (await image.fetchChannelHistogramBounds()).length,
    (await slice.fetchChannelHistograms()).length, (await slice.fetchChannelHistogramBounds()).length,
  ])
  await step('a histogram of a slice', async () => [await slice.fetchHistogram(), await slice.fetchHistogramBounds()].length)
  await step('around an image', async () => [
    typeof (await image.fetchNext()), typeof (await image.fetchPrevious()), (await base.fetchUploader()).id === me.id,
    (await (await all(c.AbstractSliceCollection, of('abstractimage', base.id))).get(0).fetchUploader()).id === me.id,
    (await all(c.SliceInstanceCollection, of('imageinstance', image.id))).length,
    (await c.SliceInstance.fetch(slice.id)).image === image.id,
    ids(await all(c.ImageInstanceCollection, of('user', me.id))).includes(image.id),
    Object.keys(await c.ImageInstanceCollection.fetchBounds({ project: project.id })).length > 0,
    Object.keys(await c.ProjectCollection.fetchBounds()).length > 0,
    (await c.ImageInstanceCollection.fetchAllLight()).length > 0,
  ])
  await step('lists of projects', async () => [
    ids(await all(c.ProjectCollection, of('ontology', ontology.id))).length, ids(await all(c.ProjectCollection, of('user', me.id))).length,
    ids(await all(c.ProjectCollection, { ...of('user', me.id), light: true })).length,
    ids(await all(c.TermCollection, of('project', project.id))).length, ids(await all(c.TermCollection)).length,
  ])
  await step('pages', async () => {
    const pages = new c.TermCollection({ nbPerPage: 1 })
    await pages.fetchPage(0)
    const first = pages.get(0).id
    await pages.fetchNextPage()
    const second = pages.get(0).id
    await pages.fetchPreviousPage()
    const whole = await all(c.TermCollection, { nbPerPage: 2 })
    return [first !== second, pages.get(0).id === first, whole.length === whole.totalNbItems, pages.nbPages === whole.length]
  })
  await step('filters, encoded twice', async () => {
    const asked = new c.ProjectCollection()
    asked.name = { ilike: encodeURIComponent('walk & more') }
    return (await asked.fetchAll()).array.map((one) => one.name)
  })
  await step('ui of a project', async () => {
    const usual = await project.fetchUIConfig()
    const hidden = { ADMIN_PROJECT: true, CONTRIBUTOR_PROJECT: false }
    await project.saveUIConfig({ ...usual, 'project-tools-magic': hidden })
    return (await project.fetchUIConfig())['project-tools-magic']
  })
  await step('a cleared ontology', async () => {
    const one = await new c.Project({ name: 'cleared', ontology: ontology.id }).save()
    one.ontology = null
    await one.update()
    const seen = (await c.Project.fetch(one.id)).ontology
    await one.delete()
    return seen
  })
}

/** As who administers the server. */
export async function administer(world) {
  const { charlie } = world
  const asAdmin = await signIn(...world.ada)
  await step('admin session', async () => [await asAdmin.closeAdminSession(), await asAdmin.openAdminSession()])
  const account = { username: 'newcomer', firstname: 'New', lastname: 'Comer', email: 'new@example.org', password: 'a long new password' }
  await live('user', new c.User(account), { fetch: byId(c.User), change: { lastname: 'Come' }, list: () => all(c.UserCollection) })
  await live('configuration', new c.Configuration({ key: 'stain', value: 'HE', readingRole: 'ALL' }), {
    fetch: (one) => c.Configuration.fetch(one.key), change: { value: 'IHC' }, list: () => all(c.ConfigurationCollection),
    remove: (one) => c.Configuration.delete(one.key),
  })
  await step('roles', async () => {
    const roles = await all(c.RoleCollection)
    const guest = roles.array.find((one) => one.authority === 'ROLE_GUEST')
    const held = new c.UserRole({ user: charlie, role: guest.id })
    await held.save()
    const seen = [(await c.UserRole.fetch(charlie, guest.id)).authority, (await c.Role.fetch(guest.id)).authority]
    seen.push((await all(c.UserRoleCollection, of('user', charlie))).length)
    await c.UserRole.delete(charlie, guest.id)
    const user = await c.User.fetch(charlie)
    seen.push((await user.defineRole(roles.array.find((one) => one.authority === 'ROLE_USER').id)).length)
    await new c.Role({ authority: 'ROLE_NEW' }).save()
    await user.lock()
    await user.unlock()
    return seen
  })
  await step('the server', async () => [
    (await asAdmin.fetchTotalCounts()).projects, (await asAdmin.fetchCurrentStats()).users >= 0, (await asAdmin.fetchStorageStats()).total > 0,
    (await c.AbstractImageCollection.fetchUnused()).length, ids(await all(c.ImageFilterCollection)).length,
    (await all(c.ImageFilterProjectCollection)).length, (await c.ProjectConnectionCollection.fetchConnectionsFrequency()).length > 0,
  ])
}

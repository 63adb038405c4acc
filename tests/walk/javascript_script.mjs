// What the official JavaScript client does with every model and collection that it has.
//
// javascript_script.mjs CLIENT_FOLDER HOST WORLD.json; the report says what was asked, and what the client saw.

import { readFileSync, writeFileSync } from 'node:fs'

import { all, byId, client, finish, ids, live, look, of, signIn, step } from './javascript_client.mjs'
import { administer, lookAround } from './javascript_people.mjs'

const c = client
const world = JSON.parse(readFileSync(process.argv[4], 'utf8'))
const SQUARE = 'POLYGON ((10 10, 10 30, 30 30, 30 10, 10 10))'
const NEXT = 'POLYGON ((25 10, 25 30, 50 30, 50 10, 25 10))'
const BETWEEN = 'POLYGON ((20 15, 20 25, 40 25, 40 15, 20 15))'

// --- alice, who manages the project --------------------------------------------------------------------------------

const cytomine = await signIn(...world.alice)
const me = await c.User.fetchCurrent()
const project = await c.Project.fetch(world.project)
const image = await c.ImageInstance.fetch(world.image)
const base = await c.AbstractImage.fetch(image.baseImage)
const ontology = await c.Ontology.fetch(project.ontology)
const [bob, charlie] = [world.bob, world.charlie]
const slice = await image.fetchReferenceSlice()
const draw = (location = SQUARE, more = {}) => new c.Annotation({ location, image: image.id, ...more }).save()

await step('ping', async () => (await cytomine.ping(project.id)).alive)
await step('ui', async () => typeof (await cytomine.fetchUIConfigCurrentUser(project.id)))
await step('signature', async () => (await cytomine.fetchSignature({ method: 'GET', uri: '/api/x.json', date: 'now' })).length)
await step('keys', async () => Object.keys(await c.User.fetchCurrentUserKeys()).sort())

await live('project', new c.Project({ name: 'another', ontology: ontology.id }), {
  fetch: byId(c.Project), change: { name: 'renamed' }, list: () => all(c.ProjectCollection),
})
await live('ontology', new c.Ontology({ name: 'another' }), {
  fetch: byId(c.Ontology), change: { name: 'renamed' }, list: () => all(c.OntologyCollection),
})
await live('term', new c.Term({ name: 'another', ontology: ontology.id, color: '#00FF00' }), {
  fetch: byId(c.Term), change: { name: 'renamed', comment: 'words' }, list: () => all(c.TermCollection, of('ontology', ontology.id)),
})
await live('storage', new c.Storage({ name: 'another', user: me.id }), {
  fetch: byId(c.Storage), change: { name: 'renamed' }, list: () => all(c.StorageCollection),
})
await live('uploaded file', new c.UploadedFile({
  storage: world.storage, filename: 'a.svs', originalFilename: 'a.svs', ext: 'svs', contentType: 'SVS', size: 1,
}), { fetch: byId(c.UploadedFile), change: { originalFilename: 'b.svs' }, list: () => all(c.UploadedFileCollection) })
const record = await new c.AbstractImage({ originalFilename: 'record.svs', width: 64, height: 64 }).save()
const file = await new c.UploadedFile({
  storage: world.storage, filename: 'c.svs', originalFilename: 'c.svs', ext: 'svs', contentType: 'SVS', size: 1,
}).save()
await live('abstract image', new c.AbstractImage({ originalFilename: 'a.svs', uploadedFile: file.id, width: 64, height: 64 }), {
  fetch: byId(c.AbstractImage), change: { magnification: 20 }, list: () => all(c.AbstractImageCollection),
})
await live('abstract slice', new c.AbstractSlice({ image: record.id, channel: 0, zStack: 1, time: 0 }), {
  fetch: byId(c.AbstractSlice), change: { zStack: 2 }, list: () => all(c.AbstractSliceCollection, of('abstractimage', record.id)),
})
await live('companion file', new c.CompanionFile({
  uploadedFile: file.id, image: record.id, originalFilename: 'p.hdf5', filename: 'p.hdf5', type: 'HDF5',
}), {
  fetch: byId(c.CompanionFile), change: { type: 'CSV' },
  list: () => all(c.CompanionFileCollection, of('abstractimage', record.id)),
})
await step('of a file', async () => [
  (await all(c.AbstractSliceCollection, of('uploadedfile', file.id))).length,
])
await step('companions of a file', async () => (await all(c.CompanionFileCollection, of('uploadedfile', file.id))).length)
await live('image instance', new c.ImageInstance({ baseImage: record.id, project: project.id }), {
  fetch: byId(c.ImageInstance), change: { instanceFilename: 'renamed' },
  list: () => all(c.ImageInstanceCollection, of('project', project.id)),
})
const kept = await new c.ImageInstance({ baseImage: record.id, project: project.id }).save()
const planes = [0, 1].map((zStack) => new c.AbstractSlice({ image: record.id, channel: 0, zStack, time: 0 }))
for (const each of planes) await each.save()
await live('slice instance', new c.SliceInstance({ project: project.id, image: kept.id, baseSlice: planes[0].id }), {
  fetch: byId(c.SliceInstance), change: { baseSlice: planes[1].id }, list: () => all(c.SliceInstanceCollection, of('imageinstance', kept.id)),
})
await kept.delete()
await live('track', new c.Track({ name: 'nucleus', color: '#00FF00', image: image.id }), {
  fetch: byId(c.Track), change: { name: 'renamed' }, list: () => all(c.TrackCollection, of('imageinstance', image.id)),
})
await live('image group', new c.ImageGroup({ name: 'block', project: project.id }), {
  fetch: byId(c.ImageGroup), change: { name: 'renamed' }, list: () => all(c.ImageGroupCollection, of('project', project.id)),
})
await live('annotation', new c.Annotation({ location: SQUARE, image: image.id, term: [world.term] }), {
  fetch: byId(c.Annotation), change: { location: NEXT }, list: () => all(c.AnnotationCollection, { image: image.id }),
})
await live('tag', new c.Tag({ name: 'urgent' }), {
  fetch: byId(c.Tag), change: { name: 'later' }, list: () => all(c.TagCollection),
})
await live('property', new c.Property({ key: 'stain', value: 'HE' }, image), {
  fetch: (one) => c.Property.fetch(one.id, image), change: { value: 'IHC' },
  list: () => all(c.PropertyCollection, { object: image }),
})
const tag = await new c.Tag({ name: 'kept' }).save()
await live('tag of an object', new c.TagDomainAssociation({ tag: tag.id }, project), {
  fetch: (one) => c.TagDomainAssociation.fetch(one.id), list: () => all(c.TagDomainAssociationCollection, { object: project }),
  remove: (one) => c.TagDomainAssociation.delete(one.id),
})
await live('description', new c.Description({ data: 'words' }, project), {
  fetch: () => c.Description.fetch(project), change: { data: 'others' }, remove: () => c.Description.delete(project),
})
const attachment = new c.AttachedFile({ filename: 'report.txt' }, project)
attachment.file = new Blob(['bytes'])
await live('attached file', attachment, {
  fetch: byId(c.AttachedFile), list: () => all(c.AttachedFileCollection, { object: project }),
  remove: (one) => c.AttachedFile.delete(one.id),
})
await live('default layer', new c.ProjectDefaultLayer({ project: project.id, user: bob }), {
  fetch: (one) => c.ProjectDefaultLayer.fetch(one.id, project.id), change: { hideByDefault: true },
  list: () => all(c.ProjectDefaultLayerCollection, of('project', project.id)),
  remove: (one) => c.ProjectDefaultLayer.delete(one.id, project.id),
})
await live('representative', new c.ProjectRepresentative({ project: project.id, user: bob }), {
  fetch: (one) => c.ProjectRepresentative.fetch(one.id, project.id),
  list: () => all(c.ProjectRepresentativeCollection, of('project', project.id)),
  remove: (one) => c.ProjectRepresentative.delete(one.id, project.id),
})
await live('image filter of a project', new c.ImageFilterProject({ project: project.id, imageFilter: world.filter }), {
  list: () => all(c.ImageFilterProjectCollection, of('project', project.id)),
})

// --- annotations and what hangs on them ------------------------------------------------------------------------------

await step('several annotations', async () => {
  const drawn = new c.AnnotationCollection()
  for (const location of [SQUARE, NEXT]) drawn.push(new c.Annotation({ location, image: image.id }))
  await drawn.save()
  const seen = await all(c.AnnotationCollection, { image: image.id, showWKT: true })
  for (const one of seen.array) await c.Annotation.delete(one.id)
  return seen.array.map((one) => one.location).sort()
})
const term = await c.Term.fetch(world.term)
const other = await new c.Term({ name: 'other', ontology: ontology.id, color: '#0000FF' }).save()
await step('parent of a term', async () => {
  await other.changeParent(term.id)
  const parent = (await c.Term.fetch(other.id)).parent
  await other.changeParent(null)
  return [parent === term.id, (await c.Term.fetch(other.id)).parent]
})
await step('terms of an annotation', async () => {
  const one = await draw()
  await new c.AnnotationTerm({ annotation: one.id, term: term.id }).save()
  const fetched = (await c.AnnotationTerm.fetch(one.id, term.id)).term === term.id
  await new c.AnnotationTerm({ annotation: one.id, term: other.id }).saveAndClearPrevious()
  const left = (await all(c.AnnotationTermCollection, of('annotation', one.id))).array.map((link) => link.term)
  await c.AnnotationTerm.delete(one.id, other.id)
  const none = (await all(c.AnnotationTermCollection, of('annotation', one.id))).length
  await one.delete()
  return [fetched, left.length === 1 && left[0] === other.id, none]
})
await step('an annotation on a track', async () => {
  const one = await draw()
  const track = await new c.Track({ name: 'way', color: '#00FF00', image: image.id }).save()
  await new c.AnnotationTrack({ annotation: one.id, track: track.id }).save()
  const seen = [
    (await c.AnnotationTrack.fetch(one.id, track.id)).track === track.id,
    (await all(c.AnnotationTrackCollection, of('track', track.id))).length,
    (await all(c.AnnotationTrackCollection, of('annotation', one.id))).length,
    (await all(c.TrackCollection, of('project', project.id))).length,
  ]
  await c.AnnotationTrack.delete(one.id, track.id)
  seen.push((await all(c.AnnotationTrackCollection, of('track', track.id))).length)
  await c.Track.delete(track.id)
  await one.delete()
  return seen
})
await step('groups', async () => {
  const images = await new c.ImageGroup({ name: 'block', project: project.id }).save()
  const neighbour = await new c.ImageInstance({ baseImage: record.id, project: project.id }).save()
  for (const one of [image, neighbour]) await new c.ImageGroupImageInstance({ group: images.id, image: one.id }).save()
  const link = await c.ImageGroupImageInstance.fetch(images.id, image.id)
  const seen = [
    link.image === image.id,
    (await link.fetchNext()).id === neighbour.id,
    (await link.fetchPrevious(false)).id ?? null,
    ids(await all(c.ImageInstanceCollection, of('imagegroup', images.id))).length,
    (await all(c.ImageGroupImageInstanceCollection, of('imageinstance', image.id))).length,
    (await all(c.ImageGroupImageInstanceCollection, of('imagegroup', images.id))).length,
  ]
  const kind = { project: project.id, imageGroup: images.id, type: 'SAME_OBJECT' }
  const [first, second] = [await new c.AnnotationGroup(kind).save(), await new c.AnnotationGroup(kind).save()]
  const one = await draw()
  await new c.AnnotationLink({ annotation: one.id, group: second.id, image: image.id }).save()
  seen.push((await c.AnnotationLink.fetch(one.id, second.id)).group === second.id)
  await first.update()
  await first.merge(second.id)
  seen.push(
    (await all(c.AnnotationLinkCollection, of('annotationgroup', first.id))).length,
    (await all(c.AnnotationLinkCollection, of('annotation', one.id))).length,
    ids(await all(c.AnnotationGroupCollection, of('project', project.id))).length,
    ids(await all(c.AnnotationGroupCollection, of('imagegroup', images.id))).length,
    (await c.AnnotationGroup.fetch(first.id)).imageGroup === images.id,
  )
  await c.AnnotationLink.delete(one.id, first.id)
  await c.AnnotationGroup.delete(first.id)
  await c.ImageGroupImageInstance.delete(images.id, image.id)
  await neighbour.delete()
  await c.ImageGroup.delete(images.id)
  await one.delete()
  return seen
})
await step('comments', async () => {
  const one = await draw()
  const said = await new c.AnnotationComment({ comment: 'Look.', receivers: [bob] }, one).save()
  const listed = await all(c.AnnotationCommentCollection, { annotation: one })
  const fetched = await c.AnnotationComment.fetch(listed.get(0).id, one)
  await one.delete()
  return [said.comment, listed.length, fetched.comment]
})
await step('shapes', async () => {
  const [one, two] = [await draw(), await draw(NEXT)]
  const joined = await c.Annotation.correctAnnotations({ image: image.id, location: BETWEEN, review: false, remove: false, layers: [me.id] })
  await new c.Annotation({ id: joined.id, location: NEXT }).update()
  await joined.simplify(4, 8)
  await joined.fill()
  const area = joined.area
  const copies = await joined.repeat(slice.id, 1)
  await joined.recordAction('select')
  await cytomine.undo()
  for (const left of (await all(c.AnnotationCollection, { image: image.id })).array) await left.delete()
  return [area > 0, copies.collection.length, [one.id, two.id].includes(joined.id)]
})
await step('undo', async () => {
  const one = await draw()
  const command = cytomine.lastCommand
  const undone = await cytomine.undo(command)
  const gone = await c.Annotation.fetch(one.id).then(() => false, (error) => error.response.status === 404)
  await cytomine.redo(command)
  const back = (await c.Annotation.fetch(one.id)).id === one.id
  await cytomine.undo()
  await cytomine.redo()
  await one.delete()
  return [undone.length, gone, back]
})
await step('review', async () => {
  const one = await draw()
  await image.review()
  const accepted = await one.review([term.id])
  const seen = [image.inReview, accepted.type, accepted.term, (await image.fetchReviewStatistics()).length]
  seen.push((await all(c.AnnotationCollection, { image: image.id, reviewed: true })).length)
  const fetched = await c.Annotation.fetch(accepted.id, c.AnnotationType.REVIEWED)
  seen.push(fetched.id === accepted.id)
  await one.cancelReview()
  await c.AnnotationCollection.reviewAll({ accept: true, image: image.id, users: [me.id] })
  seen.push(await project.fetchNbAnnotations({ annotationType: c.AnnotationType.REVIEWED }))
  seen.push(await me.fetchNbAnnotations(true, project.id))
  await c.AnnotationCollection.reviewAll({ accept: false, image: image.id, users: [me.id] })
  seen.push(await project.fetchNbAnnotations({ annotationType: c.AnnotationType.REVIEWED }))
  await image.stopReview(true)
  seen.push(image.inReview)
  await one.delete()
  return seen.map((value) => (Array.isArray(value) ? value.length : value))
})

await step('addresses', async () => {
  const one = await draw()
  await image.review()
  const accepted = await one.review([])
  const attached = new c.AttachedFile({ filename: 'report.txt' }, project)
  attached.file = new Blob(['bytes'])
  await attached.save()
  const files = await all(c.UploadedFileCollection)
  const own = files.array.find((each) => each.id === base.uploadedFile)
  const addresses = [
    ...[image, base].flatMap((each) => [each.thumbURL(64), each.previewURL(64, 'png'), each.downloadURL]),
    image.associatedImageURL('label'), base.associatedImageURL('macro'),
    own.downloadURL, one.annotationCropURL(64), accepted.annotationCropURL(64), cytomine.host + attached.url,
    new c.ImageConsultationCollection({ project: project.id, user: me.id, resume: true }).downloadURL,
    new c.ProjectConnectionCollection({ project: project.id, user: me.id }).downloadURL,
  ]
  const seen = []
  for (const each of addresses) seen.push(await look(each))
  await attached.delete()
  await accepted.delete()
  await image.stopReview(true)
  await one.delete()
  return seen
})
await step('a report of annotations', async () => look(new c.AnnotationCollection({ project: project.id }).getDownloadURL('csv')))
await lookAround({ cytomine, me, project, image, base, ontology, bob, charlie, slice, term, draw, world })
await c.AbstractImage.delete(record.id)
await c.UploadedFile.delete(file.id)
await step('new keys', async () => {
  const before = await c.User.fetchCurrentUserKeys()
  const after = await c.User.regenerateKeys()
  return before.primaryKey !== after.primaryKey
})
await administer(world)

writeFileSync(process.env.REPORT, JSON.stringify(finish()))

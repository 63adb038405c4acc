import { expect, test } from "vitest";
import type { OpenUpload } from "../api/shapes";
import type { Parcel } from "./parcels";
import { type Landed, type Upload, createUploads, isSame } from "./uploads";

const HERE = { storage: null, projects: [5] };
const settled = () => new Promise((resolve) => setTimeout(resolve));
const parcel = (name: string): Parcel => ({ name, modified: 7, packed: false, open: async () => new Blob([name]) });

function uploading() {
  const sent: { upload: Upload; finish(whole: boolean): void; fail(why: unknown): void }[] = [];
  const told: { id: number; answer(landed: Landed): void }[] = [];
  const given: number[] = [];
  let known: number | null = null;
  const uploads = createUploads({
    find: async () => known,
    send: (upload) => {
      upload.id ??= 100 + upload.key;
      let stop = () => {};
      const done = new Promise<boolean>((finish, fail) => {
        stop = () => finish(false);
        sent.push({ upload, finish, fail });
      });
      return { done, stop };
    },
    follow: (id) => new Promise((answer) => told.push({ id, answer })),
    giveUp: async (id) => void given.push(id),
  });
  return { ...uploads, sent, told, given, knows: (id: number) => (known = id) };
}

test("two at a time are sent, and the next once one is through", async () => {
  const { uploads, add, sent } = uploading();
  add(["a", "b", "c"].map(parcel), HERE);
  await settled();
  expect(uploads.map((one) => one.state)).toEqual(["sending", "sending", "waiting"]);
  sent[0].finish(true);
  await settled();
  expect(uploads.map((one) => one.state)).toEqual(["importing", "sending", "sending"]);
});

test("what arrived is followed until the server has looked at it", async () => {
  const { uploads, add, sent, told } = uploading();
  add([parcel("a"), parcel("b")], HERE);
  await settled();
  for (const one of sent) one.finish(true);
  await settled();
  told[0].answer({ reason: null, images: [9] });
  told[1].answer({ reason: "no slide", images: [] });
  await settled();
  expect(uploads.map(({ state, landed }) => [state, landed?.reason])).toEqual([["done", null], ["refused", "no slide"]]);
});

test("what was cut off goes on with the upload that was begun", async () => {
  const { uploads, add, goOn, retry, sent } = uploading();
  add([parcel("a")], HERE);
  await settled();
  sent[0].fail("no connection");
  await settled();
  expect([uploads[0].state, uploads[0].problem]).toEqual(["failed", "no connection"]);
  retry((problem) => problem !== "no connection");
  expect(uploads[0].state).toBe("failed");
  goOn(uploads[0]);
  await settled();
  expect([sent[1].upload.id, uploads[0].state, uploads[0].problem]).toEqual([sent[0].upload.id, "sending", undefined]);
});

test("after a reload it goes on with what the server has of the file", async () => {
  const { uploads, add, knows } = uploading();
  knows(42);
  add([parcel("a")], HERE);
  await settled();
  expect(uploads[0].id).toBe(42);
});

test("a pause stops the sending, even in the moment in which the file is opened", async () => {
  const { uploads, add, pause, sent, goOn } = uploading();
  add([parcel("a"), parcel("b")], HERE);
  pause(uploads[1]);
  await settled();
  pause(uploads[0]);
  await settled();
  expect([uploads.map((one) => one.state), sent.length]).toEqual([["paused", "paused"], 1]);
  goOn(uploads[1]);
  await settled();
  expect([uploads[1].state, sent.length]).toEqual(["sending", 2]);
});

test("paused and gone on with while it is packed, it is sent once", async () => {
  const { uploads, add, pause, goOn, sent } = uploading();
  const opened: ((file: Blob) => void)[] = [];
  add([{ ...parcel("a"), open: () => new Promise((open) => opened.push(open)) }], HERE);
  pause(uploads[0]);
  goOn(uploads[0]);
  for (const open of opened) open(new Blob(["a"]));
  await settled();
  expect([opened.length, sent.length, uploads[0].state]).toEqual([2, 1, "sending"]);
});

test("what is taken away is given up on the server too, unless it has arrived", async () => {
  const { uploads, add, remove, clear, sent, told, given } = uploading();
  add([parcel("a"), parcel("b")], HERE);
  await settled();
  sent[0].finish(true);
  await settled();
  told[0].answer({ reason: null, images: [] });
  await settled();
  await remove(uploads[1]);
  clear();
  expect([uploads.length, given]).toEqual([0, [102]]);
});

test("for somebody else nothing is sent on", async () => {
  const { uploads, add, forget, sent, given } = uploading();
  add(["a", "b", "c"].map(parcel), HERE);
  await settled();
  forget();
  await settled();
  expect([uploads.length, sent.length, given]).toEqual([0, 2, []]);
});

test("a file is known again by its name, size, date and place", () => {
  const metadata = { filename: "a", modified: "7" };
  const open: OpenUpload = { id: 1, name: "a", length: 1, offset: 0, storage: 3, projects: [5], metadata, uploadedFile: null, job: null };
  expect(isSame(open, parcel("a"), 1, HERE)).toBe(true);
  expect(isSame(open, parcel("a"), 2, HERE)).toBe(false);
  expect(isSame(open, { ...parcel("a"), modified: 8 }, 1, HERE)).toBe(false);
  expect(isSame(open, parcel("b"), 1, HERE)).toBe(false);
  expect(isSame(open, parcel("a"), 1, { storage: 3, projects: [] })).toBe(false);
  expect(isSame(open, parcel("a"), 1, { storage: 4, projects: [5] })).toBe(false);
  expect(isSame({ ...open, uploadedFile: 8 }, parcel("a"), 1, HERE)).toBe(false);
});

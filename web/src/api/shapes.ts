/** What the server sends, as far as the page reads it; by hand only what its own document leaves open (decision 0009). */

import type { components } from "./schema";

type Objects = components["schemas"];

export interface User extends Pick<Objects["User"], "id" | "username" | "name" | "firstname" | "lastname"> {
  email: string;
  publicKey: string | null;
  /** Whether they may be an administrator, and whether they are one at this moment. */
  admin: boolean;
  adminByNow: boolean;
  guest: boolean;
}

export const ROLES = ["ROLE_GUEST", "ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN"] as const;

/** Somebody as lists of people have them. */
export interface Person extends Pick<Objects["User"], "id" | "username" | "name" | "fullName" | "email" | "enabled"> {
  role: (typeof ROLES)[number] | null;
}

/** A line of the log: a change of an object, or an event that changed none. */
export interface Change {
  seq: number;
  created: number;
  user: number | null;
  door: string;
  action: string;
  /** Null where it is about no object. */
  class: string | null;
  id: number | null;
  /** Null where it changed nothing. */
  transaction: number | null;
  what: string | null;
  address: string | null;
}

export interface Member extends Pick<Objects["User"], "id" | "username" | "fullName"> {
  role: "contributor" | "manager" | "representative";
}

export interface BrowserSession {
  id: string;
  lastUsed: number;
  address: string;
  agent: string;
  /** Whether it is this one. */
  current: boolean;
}

export interface Keys {
  primaryKey: string;
  secondaryKey: string;
}

export interface Project
  extends Pick<
    Objects["Project"],
    | "id"
    | "name"
    | "ontology"
    | "ontologyName"
    | "numberOfImages"
    | "numberOfAnnotations"
    | "isReadOnly"
    | "isRestricted"
    | "blindMode"
    | "hideUsersLayers"
    | "hideAdminsLayers"
    | "areImagesDownloadable"
  > {
  created: string;
}

/** A project as lists of them have it. */
export interface ListedProject extends Project {
  /** When something was last changed in it; null: never since it was made. */
  lastActivity: number | null;
  newestImage: number | null;
  currentUserRoles: { admin: boolean; representative: boolean };
}

export type Ontology = Pick<Objects["Ontology"], "id" | "name">;

export interface WholeOntology extends Ontology, Pick<Objects["Ontology"], "user"> {
  created: string;
  terms: Term[];
  /** Those that whoever asks may see. */
  projects: { id: number; name: string }[];
}

export interface Job extends Pick<Objects["Job"], "id" | "name" | "user" | "progress" | "message"> {
  created: string;
  state: "waiting" | "running" | "cancelling" | "done" | "failed" | "cancelled";
  result: { file?: string; name?: string } | null;
}

export type OpenUpload = Pick<
  Objects["OpenUpload"],
  "id" | "name" | "length" | "offset" | "storage" | "projects" | "metadata" | "uploadedFile" | "job"
>;

export type Storage = Pick<Objects["Storage"], "id" | "name" | "user">;

export interface UploadedFile
  extends Pick<
    Objects["UploadedFile"],
    "id" | "originalFilename" | "size" | "storage" | "status" | "error" | "image" | "nbChildren" | "inPlace"
  > {
  created: string;
}

export interface Slide extends Pick<Objects["AbstractImage"], "id" | "originalFilename" | "width" | "height"> {
  inProject?: boolean;
}

export interface Crop {
  id: number;
  image: number;
  instanceFilename: string | null;
  creator: string | null;
  created: number;
  term: number[];
  area: number;
  areaUnit: string;
  centroid: { x: number; y: number };
}

export interface Image {
  id: number;
  project: number;
  /** The slide as it was uploaded. */
  baseImage: number;
  /** Who put it into the project. */
  user: number;
  instanceFilename: string | null;
  blindedName: string | null;
  width: number;
  height: number;
  physicalSizeX: number | null;
  physicalSizeY: number | null;
  magnification: number | null;
  bitPerSample: number;
  numberOfAnnotations: number;
  numberOfReviewedAnnotations: number;
  created: string;
  /** Who reviews it, or did; null: nobody yet. */
  reviewUser: number | null;
}

export type Term = Pick<Objects["Term"], "id" | "name" | "color" | "parent" | "shortcut">;

/** A row of a listing of shapes. */
export interface Annotation {
  id: number;
  location: string;
  term: number[];
}

/** One object of what an undo or redo has changed. */
export interface Taken {
  annotation?: { id: number };
  annotationterm?: { userannotation: number };
}

/** How many annotations lie in each square of `cell` px: [column, row, number], counted from the top left. */
export interface Density {
  cell: number;
  total: number;
  cells: [number, number, number][];
}

export interface Level {
  level: number;
  width: number;
  height: number;
  downsample: number;
  tileWidth: number;
  tileHeight: number;
}

export interface Grid {
  width: number;
  height: number;
  levels: Level[];
}

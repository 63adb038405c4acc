/** What the server sends, as far as the page reads it. */

export interface User {
  id: number;
  username: string;
  name: string;
  firstname: string;
  lastname: string;
  email: string;
  publicKey: string | null;
  /** Whether they may be an administrator, and whether they are one at this moment. */
  admin: boolean;
  adminByNow: boolean;
  guest: boolean;
}

export const ROLES = ["ROLE_GUEST", "ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN"] as const;

/** Somebody as lists of people have them. */
export interface Person {
  id: number;
  username: string;
  name: string;
  fullName: string;
  email: string | null;
  enabled: boolean;
  role: (typeof ROLES)[number] | null;
}

/** A line of the change log. */
export interface Change {
  seq: number;
  created: number;
  user: number | null;
  door: string;
  action: "added" | "edited" | "deleted";
  class: string;
  id: number;
}

export interface Member {
  id: number;
  username: string;
  fullName: string;
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

export interface Project {
  id: number;
  name: string;
  created: string;
  ontology: number | null;
  ontologyName: string | null;
  numberOfImages: number;
  numberOfAnnotations: number;
  isReadOnly: boolean;
  isRestricted: boolean;
  blindMode: boolean;
  hideUsersLayers: boolean;
  hideAdminsLayers: boolean;
  areImagesDownloadable: boolean;
}

export interface Ontology {
  id: number;
  name: string;
}

export interface WholeOntology extends Ontology {
  created: string;
  user: number;
  terms: Term[];
  /** Those that whoever asks may see. */
  projects: { id: number; name: string }[];
}

export interface Job {
  id: number;
  name: string;
  user: number;
  state: "waiting" | "running" | "cancelling" | "done" | "failed" | "cancelled";
  progress: number;
  message: string;
  created: string;
  result: { file?: string; name?: string } | null;
}

export interface OpenUpload {
  id: number;
  name: string;
  length: number;
  offset: number;
  storage: number;
  projects: number[];
  metadata: Record<string, string>;
  uploadedFile: number | null;
  job: number | null;
}

export interface Storage {
  id: number;
  name: string;
  user: number;
}

export interface UploadedFile {
  id: number;
  created: string;
  originalFilename: string;
  size: number;
  storage: number;
  status: number;
  error: string | null;
  /** The slide that was made of it. */
  image: number | null;
  nbChildren: number;
  inPlace: boolean;
}

export interface Slide {
  id: number;
  originalFilename: string | null;
  width: number | null;
  height: number | null;
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
  instanceFilename: string | null;
  blindedName: string | null;
  width: number;
  height: number;
  physicalSizeX: number | null;
  magnification: number | null;
  numberOfAnnotations: number;
  /** Who reviews it, or did; null: nobody yet. */
  reviewUser: number | null;
}

export interface Term {
  id: number;
  name: string;
  color: string;
  parent: number | null;
  /** The letter or digit that chooses it in the viewer. */
  shortcut: string | null;
}

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

/** What the server sends, as far as the page reads it. */

export interface User {
  id: number;
  username: string;
  name: string;
  email: string;
  publicKey: string | null;
  adminByNow: boolean;
  guest: boolean;
}

export interface Member {
  id: number;
  username: string;
  fullName: string;
  role: "contributor" | "manager" | "representative";
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

export interface Job {
  id: number;
  state: "waiting" | "running" | "cancelling" | "done" | "failed" | "cancelled";
  progress: number;
  message: string;
  created: string;
  result: { file?: string; name?: string } | null;
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

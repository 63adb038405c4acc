/** What the server sends, as far as the page reads it. */

export interface User {
  id: number;
  username: string;
  name: string;
  email: string;
  publicKey: string | null;
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
}

export interface Term {
  id: number;
  name: string;
  color: string;
  parent: number | null;
}

export interface Annotation {
  id: number;
  user: number;
  location: string;
  term: number[];
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

/** What the page calls the server's objects, which its own description says (schema.ts). */

import type { components } from "./schema";

type Objects = components["schemas"];
/** With fields that are always there, as they were asked for. */
type Sure<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };

/** Whoever is here. */
export type User = Objects["Oneself"];
/** Somebody as lists of people have them. */
export type Person = Objects["User"] & Objects["Ranked"];
export const ROLES = ["ROLE_GUEST", "ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN"] as const satisfies Person["role"][];
export type Member = Objects["User"] & Objects["Membership"];

/** A line of the log: a change of an object, or an event that changed none. */
export type Change = Objects["LogLine"];
export type Keys = Objects["KeyPair"];
export type Project = Objects["Project"];
export type WholeProject = Project & Objects["OntologyRight"];
/** What the reader is in a project. */
export type Roles = Objects["Roles"];
export type Ontology = Objects["Named"];
export type WholeOntology = Objects["Ontology"];
export type Term = Pick<Objects["TermLeaf"], "id" | "name" | "color" | "parent" | "shortcut">;
export type Job = Objects["Job"];
export type OpenUpload = Pick<Objects["OpenUpload"], "id" | "name" | "length" | "offset" | "storage" | "projects" | "metadata" | "uploadedFile" | "job">;
export type Storage = Objects["Storage"];
export type UploadedFile = Objects["UploadedFile"];
export type Slide = Objects["AbstractImage"] & Objects["InProject"];
export type Image = Objects["ImageInstance"];

/** An annotation as lists of crops ask for it, and as the viewer does. */
export type Crop = Sure<Objects["AnnotationRow"], "image" | "created" | "term" | "area" | "areaUnit" | "centroid"> & Pick<Objects["AnnotationRow"], "creator" | "instanceFilename">;
export type Annotation = Sure<Pick<Objects["AnnotationRow"], "id" | "location" | "term">, "location" | "term">;

/** One by itself; `parentIdent`: of the copy that a reviewer accepted, what it was made of. */
export type Annotated = Objects["Annotation"] & Partial<Pick<Objects["ReviewedAnnotation"], "parentIdent">>;

/** How many annotations lie in each square of `cell` px: [column, row, number], counted from the top left. */
export type Density = Objects["Density"];
export type Grid = Objects["TileGrid"];
export type Level = Objects["GridLevel"];
/** One object of what an undo or redo has changed. */
export type Taken = Objects["Taken"];

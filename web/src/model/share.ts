/** How a picture of a view is called on the disk of who saves it. */

const LONGEST = 100;

/** A name without what some disks do not take, and the day. */
export function fileNameOf(title: string, ending: string, day = new Date()): string {
  const plain = title
    .replace(/[\p{Cc}<>:"/\\|?*]+/gu, "_")
    .replace(/^[.\s]+|[.\s]+$/g, "")
    .slice(0, LONGEST);
  return `${plain || "slide"}-${day.toISOString().slice(0, 10)}.${ending}`;
}

/** What an engineer copies to begin with: the keys, and the address of this very server. */

export interface KeyPair {
  publicKey: string;
  privateKey: string;
}

export function curlLine(server: string, keys: KeyPair): string {
  return `curl -H 'X-Auth-Token: ${keys.publicKey}' -H 'X-Auth-Secret: ${keys.privateKey}' ${server}/api/project.json`;
}

export function pythonSnippet(server: string, keys: KeyPair): string {
  return [
    "from cytomine import Cytomine",
    "from cytomine.models import ProjectCollection",
    "",
    `with Cytomine("${server}", "${keys.publicKey}", "${keys.privateKey}"):`,
    "    for project in ProjectCollection().fetch():",
    "        print(project.id, project.name)",
  ].join("\n");
}

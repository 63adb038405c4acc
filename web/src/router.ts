/** One page for each address. */

import { type RouteLocationNormalized, createRouter, createWebHistory } from "vue-router";
import { base, whenSignedOut } from "./api/client";
import { user, whoIsHere } from "./model/session";
import AccountPage from "./pages/AccountPage.vue";
import InvitationPage from "./pages/InvitationPage.vue";
import NoPage from "./pages/NoPage.vue";
import ProjectImages from "./pages/ProjectImages.vue";
import ProjectPage from "./pages/ProjectPage.vue";
import ProjectsPage from "./pages/ProjectsPage.vue";
import SignInPage from "./pages/SignInPage.vue";

declare module "vue-router" {
  interface RouteMeta {
    /** What the window's title says of the page. */
    words?: string;
    /** Its pages share a frame. */
    framed?: boolean;
  }
}

// Cytomine's addresses: `#/project/1/image/2`, with more behind it that we pass over.
const old = /^#(\/project\/\d+(\/image\/\d+)?)/.exec(location.hash);
if (old) history.replaceState(null, "", base.pathname.replace(/\/$/, "") + old[1]);

export const router = createRouter({
  history: createWebHistory(base.pathname),
  routes: [
    { path: "/", name: "sign-in", component: SignInPage, meta: { words: "signIn.title" } },
    { path: "/invitation", name: "invitation", component: InvitationPage, meta: { words: "invitation.title" } },
    { path: "/account", component: AccountPage, meta: { words: "account.title" } },
    { path: "/storage", component: () => import("./pages/StoragePage.vue"), meta: { words: "menu.storage" } },
    { path: "/ontologies", component: () => import("./pages/OntologiesPage.vue"), meta: { words: "menu.ontologies" } },
    {
      path: "/ontologies/:ontology(\\d+)",
      component: () => import("./pages/OntologyPage.vue"),
      props: true,
      meta: { words: "menu.ontologies" },
    },
    { path: "/projects", component: ProjectsPage, meta: { words: "projects.title" } },
    {
      path: "/admin",
      component: () => import("./pages/AdminPage.vue"),
      meta: { framed: true },
      children: [
        { path: "", component: () => import("./pages/AdminPeople.vue"), meta: { words: "admin.pages.people" } },
        { path: "jobs", component: () => import("./pages/AdminJobs.vue"), meta: { words: "admin.pages.jobs" } },
        { path: "log", component: () => import("./pages/AdminLog.vue"), meta: { words: "admin.pages.log" } },
      ],
    },
    {
      path: "/project/:project(\\d+)",
      component: ProjectPage,
      props: true,
      meta: { framed: true },
      children: [
        { path: "", component: ProjectImages, meta: { words: "project.pages.images" } },
        { path: "annotations", component: () => import("./pages/ProjectAnnotations.vue"), meta: { words: "project.pages.annotations" } },
        { path: "ontology", component: () => import("./pages/ProjectOntology.vue"), meta: { words: "project.pages.ontology" } },
        { path: "members", component: () => import("./pages/ProjectMembers.vue"), meta: { words: "project.pages.members" } },
        { path: "settings", component: () => import("./pages/ProjectSettings.vue"), meta: { words: "project.pages.settings" } },
        { path: "activity", component: () => import("./pages/ProjectActivity.vue"), meta: { words: "project.pages.activity" } },
        { path: "export", component: () => import("./pages/ProjectExport.vue"), meta: { words: "project.pages.export" } },
      ],
    },
    {
      path: "/project/:project(\\d+)/image/:image(\\d+)",
      component: () => import("./pages/ViewerPage.vue"),
      props: true,
      meta: { words: "viewer.slide", framed: true },
    },
    { path: "/:rest(.*)*", component: NoPage, meta: { words: "reach.noPage" } },
  ],
});

/** Lets the browser fetch a page's own files while the server is asked who is here. */
function fetchPages({ matched }: RouteLocationNormalized): void {
  for (const { components } of matched) {
    const page = components?.default;
    if (typeof page === "function") void (page as () => Promise<unknown>)().catch(() => {});
  }
}

router.beforeEach(async (to, from) => {
  if (to.name === "invitation") return true;
  // At open slides the address follows what is seen: whoever is signed out meanwhile keeps what they have drawn.
  if (to.params.image && from.params.image && to.params.project === from.params.project) {
    void whoIsHere().catch(() => {});
    return true;
  }
  fetchPages(to);
  const here = await whoIsHere().catch(() => null);
  if (to.name === "sign-in") return here ? inside(to.query.next) : true;
  return here ? true : { name: "sign-in", query: { next: to.fullPath } };
});

/** Where to go once signed in: only ever to a page of ours. */
export function inside(next: unknown): string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next) && next !== "/" ? next : "/projects";
}

whenSignedOut(() => {
  // Not "nobody": they may have signed in again in another tab before they go on here.
  user.value = undefined;
  const now = router.currentRoute.value;
  // In the viewer unsaved drawings stay on the screen: the page itself says that nobody is signed in.
  if (now.name !== "sign-in" && !now.params.image) router.push({ name: "sign-in", query: { next: now.fullPath, ended: "1" } });
});

/** Who is signed in. */

import { ref } from "vue";
import { SESSION, Refusal, ask } from "../api/client";
import type { Member, User } from "../api/shapes";

const OWN = { path: { name: "current" } };

/** undefined: to be asked; null: nobody was here when it was asked. */
export const user = ref<User | null | undefined>();

export async function whoIsHere(): Promise<User | null> {
  // Somebody may have signed in in another tab meanwhile.
  if (!user.value) {
    try {
      user.value = (await ask("GET", SESSION)).user;
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 401)) throw error;
      user.value = null;
    }
  }
  return user.value;
}

export async function signIn(username: string, password: string): Promise<void> {
  user.value = (await ask("POST", SESSION, { body: { username, password } })).user;
}

/** Whether whoever is here manages a project with these members. */
export function isManager(members: Member[]): boolean {
  const mine = members.find((one) => one.id === user.value?.id);
  return Boolean(user.value?.adminByNow) || (mine !== undefined && mine.role !== "contributor");
}

/** For some hours an administrator is one, if they say so. */
export async function openAdminSession(): Promise<void> {
  await ask("GET", "/api/session/admin/open.json");
  await lookAgain();
}

export async function changeAccount(wish: Pick<User, "firstname" | "lastname" | "email">): Promise<void> {
  await ask("PUT", "/api/user/{name}.json", { ...OWN, body: wish });
  await lookAgain();
}

/** All other sessions end; this one goes on under a new cookie. */
export async function changePassword(oldPassword: string, password: string): Promise<void> {
  await ask("PUT", "/api/user/{name}/password.json", { ...OWN, body: { oldPassword, password } });
}

async function lookAgain(): Promise<void> {
  user.value = (await ask("GET", SESSION)).user;
}

export async function signOut(): Promise<void> {
  await ask("DELETE", SESSION);
  user.value = null;
}

/** The browser and the system that a `User-Agent` names, as people know them. */

// Who is built on another names it too, so the narrower ones are asked first.
const BROWSERS = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/\b(?:Headless)?(?:Chrome|CriOS|Chromium)\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+)[^ ]* (?:Mobile\/\S+ )?Safari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Macintosh|Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux|X11/, "Linux"],
] as const;

/** "Firefox 128, Windows"; what is known of it, and undefined where nothing is. */
export function browserOf(agent: string): string | undefined {
  const browser = BROWSERS.flatMap(([sign, name]) => (sign.test(agent) ? [`${name} ${sign.exec(agent)![1]}`] : []))[0];
  const system = SYSTEMS.find(([sign]) => sign.test(agent))?.[1];
  return browser && system ? `${browser}, ${system}` : browser;
}

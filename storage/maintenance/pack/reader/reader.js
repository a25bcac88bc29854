// Reader of the stories beside this page. Data come as scripts, because a page opened from a folder may not fetch files.
// contents.js calls pack.contents, stories-N.js calls pack.stories. Words of the paper become text nodes alone.
"use strict";

const pack = (() => {
  const SHOWN = 50;
  const CLUSTER = /[\u1780-\u17b3](?:\u17d2\u17dd?[\u1780-\u17b3]|[\u17b4-\u17d1\u17d3\u17dd])*|[\u17d7\u17dc]/g;
  const SUBSCRIPT = /\u17d2\u17dd?[\u1780-\u17b3]/g;
  const ONE_LOOK = { "\u17a3": "\u17a2", "\u17a4": "\u17a2\u17b6", "\u17b2": "\u17b1", "\u17b4": "", "\u17b5": "" };
  const DIGITS = /[\u17e0-\u17e9]/g;
  const PLAIN = /^[\0-\x7f\u2010-\u2027]*$/;
  const INVISIBLE = /[\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f]/g;
  const byId = (id) => document.getElementById(id);
  const chunks = new Map();  // number of a file: its stories, once loaded
  const waiting = new Map();  // number of a file: function to call with its stories
  let about = null;
  let listed = [];  // the stories of the contents, newest first

  // The form of all Khmer clusters that are printed alike; storage/query/search/text.py has the rules and their source.
  function ordered(typed) {
    const cluster = typed.replace(/[\u17a3\u17a4\u17b2\u17b4\u17b5]/g, (letter) => ONE_LOOK[letter])
      .replace(/\u17d2\u17dd/g, "\u17dd\u17d2");
    if (cluster.length <= 1) return cluster;
    const subscripts = (cluster.match(SUBSCRIPT) || []).map((each) => (each === "\u17d2\u178a" ? "\u17d2\u178f" : each));
    const isRo = (each) => each === "\u17d2\u179a";
    const marks = new Set([...cluster.replace(SUBSCRIPT, "")].slice(1));
    for (const [first, second, whole] of [["\u17c1", "\u17b8", "\u17be"], ["\u17c1", "\u17b6", "\u17c4"]]) {
      if (marks.has(first) && marks.has(second)) { marks.delete(first); marks.delete(second); marks.add(whole); }
    }
    const isShifter = (mark) => mark === "\u17c9" || mark === "\u17ca";
    if ([..."\u17b7\u17b8\u17b9\u17ba\u17be"].some((mark) => marks.has(mark)) && [...marks].some(isShifter)) {
      marks.delete("\u17c9"); marks.delete("\u17ca"); marks.add("\u17bb");
    }
    const robat = marks.delete("\u17cc") ? "\u17cc" : "";
    const sorted = [...marks].sort();
    return [cluster[0], robat, ...subscripts.filter((each) => !isRo(each)), ...subscripts.filter(isRo),
      ...sorted.filter(isShifter), ...sorted.filter((mark) => !isShifter(mark))].join("");
  }

  // The program's own form of searchable text: composed, clusters of Khmer apart, no punctuation, no case.
  function searchable(text) {
    // Most texts have ASCII letters and typographic signs alone; the rules below cost several times more.
    if (!text || PLAIN.test(text)) return (text || "").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
    return text
      .normalize("NFD").replace(/(\p{Script=Latin})\p{M}+/gu, "$1").normalize("NFC")
      .replace(INVISIBLE, "").replace(DIGITS, (digit) => String(digit.charCodeAt(0) - 0x17e0))
      .replace(CLUSTER, (cluster) => ` ${ordered(cluster)} `).toLowerCase()
      .replace(/[^\p{L}\p{N}\p{Mn}\p{Mc}\p{Co}]+/gu, " ").trim();
  }

  function fieldsOf(revision) {
    return [
      revision.headline,
      [revision.kicker, revision.standfirst, ...revision.body.map((block) => block.text)].filter(Boolean).join("\n"),
      revision.images.map((image) => image.caption_text || image.caption || "").join("\n"),
      [revision.byline, ...revision.authors, revision.agency].filter(Boolean).join("\n"),
    ];
  }

  // Phrases in quotes, word*, -word, OR between two neighbours. Returns null without a word to look for.
  function parsed(query) {
    const needed = [], forbidden = [];
    let isAlternative = false;
    for (const piece of query.match(/-?"[^"]*"?|\S+/g) || []) {
      if (piece === "OR") { isAlternative = needed.length > 0; continue; }
      const words = searchable(piece);
      if (!words) continue;
      const term = ` ${words}${/\*$/.test(piece) ? "" : " "}`;
      if (/^-./.test(piece)) forbidden.push(term);
      else if (isAlternative) needed[needed.length - 1].push(term);
      else needed.push([term]);
      isAlternative = false;
    }
    return needed.length ? { needed, forbidden } : null;
  }

  function matches(revision, { needed, forbidden }) {
    if (!revision.searchable) revision.searchable = fieldsOf(revision).map((field) => ` ${searchable(field)} `).join("|");
    const has = (term) => revision.searchable.includes(term);
    return needed.every((terms) => terms.some(has)) && !forbidden.some(has);
  }

  function load(number) {
    if (chunks.has(number)) return Promise.resolve(chunks.get(number));
    return new Promise((resolve, reject) => {
      waiting.set(number, resolve);
      const script = document.createElement("script");
      script.src = `stories-${String(number).padStart(4, "0")}.js`;
      script.onerror = () => reject(new Error(`${script.src} is missing: unpack the whole file`));
      document.head.append(script);
    });
  }

  function element(name, { text, href, lang, ...properties } = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    if (text !== undefined && text !== null) made.textContent = text;
    if (lang) made.lang = lang;
    if (href !== undefined) {
      if (/^#/.test(href) || /^https?:\/\//i.test(href)) made.href = href;
      if (!/^#/.test(href)) Object.assign(made, { rel: "noreferrer noopener", target: "_blank" });
    }
    made.append(...children.filter(Boolean));
    return made;
  }

  const joined = (...facts) => facts.filter((fact) => fact !== null && fact !== undefined && fact !== "").join(" · ");
  const counted = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
  const moment = (text) => (text ? `${text.slice(0, 16).replace("T", " ")} UTC` : "unknown time");
  const show = (...children) => byId("main").replaceChildren(...children.filter(Boolean));

  function address() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    return {
      story: Number(parameters.get("story")) || null,
      revision: Number(parameters.get("revision")) || null,
      words: parameters.get("words") || "",
      year: parameters.get("year") || "",
      section: parameters.get("section") || "",
      language: parameters.get("language") || "",
    };
  }

  const isListed = (story, { year, section, language }) =>
    (!year || (story.day || "").startsWith(year)) && (!section || story.section === section) &&
    (!language || story.language === language);

  function hit(story, passage) {
    return element("li", { lang: story.language },
      element("a", { text: story.headline, href: `#story=${story.id}` }),
      element("p", { className: "quiet", text: joined(story.day, story.section, story.byline,
        story.revisions > 1 ? `${story.revisions} revisions` : "") }),
      passage && element("p", { className: "words", text: passage }));
  }

  function list(found, sentence) {
    const hits = element("ol", { className: "hits" });
    const more = element("button", { text: "Show more" });
    let shown = 0;
    more.onclick = () => {
      hits.append(...found.slice(shown, shown + SHOWN).map(([story, words]) => hit(story, words && words())));
      shown += SHOWN;
      more.hidden = shown >= found.length;
    };
    more.onclick();
    show(element("p", { className: "quiet", id: "total", text: sentence }), hits, more);
  }

  async function search(asked) {
    const query = parsed(asked.words);
    const candidates = listed.filter((story) => isListed(story, asked));
    if (!asked.words.trim()) return list(candidates.map((story) => [story]), counted(candidates.length, "story", "stories"));
    const found = [];
    let done = 0;
    for (const number of query ? new Set(candidates.map((story) => story.chunk)) : []) {
      const texts = new Map((await load(number)).map((story) => [story.id, story]));
      if (location.hash !== asked.hash) return;  // another question came meanwhile
      for (const story of candidates.filter((each) => each.chunk === number)) {
        const revision = texts.get(story.id).revisions.slice().reverse().find((each) => matches(each, query));
        if (revision) found.push([story, () => passage(revision, query)]);
        done += 1;
      }
      show(element("p", { className: "quiet", text: `${counted(done, "story", "stories")} searched …` }));
    }
    list(found, found.length ? counted(found.length, "story", "stories") : "No story matches these words.");
  }

  function passage(revision, { needed }) {
    const blocks = [revision.standfirst, ...revision.body.map((block) => block.text)].filter(Boolean);
    const best = blocks.find((text) => needed.some((terms) => terms.some((term) => ` ${searchable(text)} `.includes(term))));
    const text = best || blocks[0] || "";
    return text.length > 280 ? `${text.slice(0, 280)} …` : text;
  }

  async function view({ story: id, revision: number }) {
    const entry = listed.find((story) => story.id === id);
    if (!entry) return show(element("p", { text: "This file holds no such story." }));
    const story = (await load(entry.chunk)).find((each) => each.id === id);
    const revision = story.revisions.find((each) => each.number === number) || story.revisions[story.revisions.length - 1];
    const choice = element("nav", { ariaLabel: "Revisions" }, ...story.revisions.map((each) => {
      const button = element("button", { text: `Revision ${each.number}` });
      if (each === revision) button.setAttribute("aria-current", "true");
      button.onclick = () => { location.hash = `story=${id}&revision=${each.number}`; };
      return button;
    }));
    show(element("article", { lang: story.language }, ...wording(story, revision)),
      story.revisions.length > 1 && choice,
      element("p", { className: "quiet", text: joined(
        `Revision ${revision.number} of ${story.revisions.length}`,
        `seen from ${moment(revision.first_captured_at)} to ${moment(revision.last_captured_at)}`,
        counted(revision.captures, "capture", "captures"), revision.layout) }),
      element("p", { className: "quiet" }, element("a", { text: story.url, href: story.url })));
    window.scrollTo(0, 0);
  }

  function wording(story, revision) {
    const pictures = (isThere) => revision.images.filter(isThere).map((image) => element("figure", {},
      element("div", { text: image.caption }),
      element("figcaption", {}, element("a", { text: "Picture", href: image.url, title: image.url }),
        ...[image.credit, image.alt === image.caption ? null : image.alt].filter(Boolean).map((text) => ` · ${text}`))));
    const names = { crosshead: "h3", quote: "blockquote" };
    const prefix = { list_item: "• " };
    return [
      revision.kicker && element("p", { className: "quiet", text: revision.kicker }),
      element("h2", { text: revision.headline }),
      revision.standfirst && element("p", { className: "standfirst", text: revision.standfirst }),
      element("p", { className: "quiet", text: joined(story.day, story.section, revision.byline, revision.agency) }),
      ...pictures((image) => image.block === null),
      ...revision.body.flatMap((block, at) => [...pictures((image) => image.block === at),
        element(names[block.kind] || "p", { text: (prefix[block.kind] || "") + block.text })]),
      ...pictures((image) => image.block !== null && image.block >= revision.body.length),
    ].filter(Boolean);
  }

  function route() {
    const asked = { ...address(), hash: location.hash };
    for (const name of ["words", "year", "section", "language"]) byId(name).value = asked[name];
    const done = asked.story ? view(asked) : search(asked);
    Promise.resolve(done).catch((error) => show(element("p", { text: error.message })));
  }

  function ask(event) {
    event.preventDefault();
    const given = ["words", "year", "section", "language"].map((name) => [name, byId(name).value]);
    location.hash = new URLSearchParams(given.filter(([, value]) => value)).toString();
  }

  function fill(id, values) {
    byId(id).append(...values.map((value) => element("option", { value, text: value })));
    byId(id).parentElement.hidden = values.length < 2;
  }

  return {
    contents(given) {
      about = given;
      listed = given.stories;
      const distinct = (values) => [...new Set(values.filter(Boolean))].sort();
      fill("year", distinct(listed.map((story) => (story.day || "").slice(0, 4))).reverse());
      fill("section", distinct(listed.map((story) => story.section)));
      fill("language", distinct(listed.map((story) => story.language)));
      byId("about").textContent = joined(counted(about.counts.stories, "story", "stories"),
        counted(about.counts.revisions, "revision", "revisions"), counted(about.counts.captures, "capture", "captures"),
        about.first_on && `${about.first_on} to ${about.last_on}`);
      byId("search").addEventListener("submit", ask);
      for (const id of ["year", "section", "language"]) byId(id).addEventListener("change", ask);
      window.addEventListener("hashchange", route);
      route();
    },
    stories(number, given) {
      chunks.set(number, given);
      (waiting.get(number) || (() => {}))(given);
      waiting.delete(number);
    },
  };
})();

/**
 * The page's only style sheet. Nothing in it comes from a report: the content security policy lets exactly this text
 * pass, by its hash. Colours are chosen for a contrast of at least 4.5 to 1 in both schemes.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b2430; --muted: #55606e; --line: #d8dde4; --link: #1757a6;
  --critical: #b3261e; --critical-tint: #fbe5e3; --warning: #835000; --warning-tint: #fdf0d5;
  --info: #1757a6; --info-tint: #e3eefb; --ok: #1c6b3f; --ok-tint: #e2f3e8; --plain-tint: #eceff3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1a2029; --text: #e4e8ee; --muted: #a3adba; --line: #343d4a; --link: #8ebcff;
    --critical: #ff9d94; --critical-tint: #4a1d1a; --warning: #f2c063; --warning-tint: #40300f;
    --info: #8ebcff; --info-tint: #1b2f4d; --ok: #7fd3a0; --ok-tint: #173724; --plain-tint: #28303b;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 3rem; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
header, main, footer, nav { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.25rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
h4 { font-size: .9375rem; margin: 1rem 0 .25rem; }
p { margin: 0 0 .5rem; }
.meta + .meta::before, .kind::before { content: "\\b7  "; color: var(--muted); font-weight: 400; }
small, .meta { color: var(--muted); font-size: .8125rem; font-weight: 400; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -99rem; background: var(--card); padding: .5rem 1rem; z-index: 3; }
.skip:focus { position: fixed; left: .5rem; top: .5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: .75rem 0 1rem; font-size: .9375rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1.25rem; margin: 0 0 1rem; }
section > :last-child { margin-bottom: 0; }
footer { color: var(--muted); font-size: .8125rem; padding-bottom: 2rem; }

.mode { border: 2px dashed var(--info); border-radius: .5rem; background: var(--info-tint); padding: .75rem 1.25rem; margin: 0 0 1rem; }
.mode b { color: var(--info); }
.verdict { border-left: .5rem solid var(--muted); }
.verdict.unknown { border-left-color: var(--muted); } .verdict.ok { border-left-color: var(--ok); } .verdict.warning { border-left-color: var(--warning); } .verdict.critical { border-left-color: var(--critical); }
.headline { font-size: 1.5rem; line-height: 1.3; margin-bottom: .25rem; }
.verdict p:last-child, .verdict ul:last-child { margin-bottom: 0; }
.verdict ul { padding-left: 1.25rem; margin: 0; }
.blocks { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .75rem 2rem; margin-top: .75rem; }
.block h3 { margin: 0 0 .35rem; font-size: 1rem; border-bottom: 2px solid var(--line); padding-bottom: .2rem; }
.block ul { list-style: none; padding: 0; } .block li { margin-bottom: .2rem; }
.block .bad { color: var(--critical); }
.number { display: inline-block; min-width: 1.4rem; text-align: center; border-radius: 1rem; background: var(--plain-tint); padding: 0 .4rem; font-size: .875rem; }
.none { color: var(--muted); }
.next .when { display: inline-block; min-width: 8.5rem; font-variant-numeric: tabular-nums; }
code.event { font: .8125rem/1.4 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; background: var(--plain-tint); border-radius: .25rem; padding: .05rem .3rem; }
.copy { display: none; }
.scripted .copy { display: inline-block; font: inherit; font-size: .75rem; line-height: 1.5rem; min-width: 3.75rem; margin-left: .35rem; padding: 0 .5rem; color: var(--link); background: var(--card); border: 1px solid var(--line); border-radius: .25rem; cursor: pointer; }
.anchor { text-decoration: none; font-weight: 400; color: var(--muted); }
.about h3 { margin: 0 0 .25rem; }
.about:target { background: var(--info-tint); }
.of-one { list-style: none; padding: 0; margin: 0; } .entries .of-one li { border: 0; padding: .25rem 0; }
a.row { color: inherit; text-decoration: none; } a.row:hover, a.row:focus { text-decoration: underline; }
.note { background: var(--warning-tint); border-radius: .25rem; padding: .5rem .75rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 0; }
.tile { border: 1px solid var(--line); border-top: 4px solid var(--line); border-radius: .375rem; padding: .5rem .75rem; display: flex; flex-direction: column; }
.tile.critical { border-top-color: var(--critical); } .tile.warning { border-top-color: var(--warning); } .tile.info { border-top-color: var(--info); }
.tile dt { order: 1; font-weight: 600; }
.tile dd { margin: 0; display: contents; }
.tile b { order: 0; font-size: 1.75rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile small { order: 2; line-height: 1.35; }

.badge { display: inline-block; border-radius: 1rem; padding: 0 .6rem; font-size: .8125rem; font-weight: 600; line-height: 1.5rem; background: var(--plain-tint); color: var(--text); white-space: nowrap; }
.badge.critical, .badge.failed { background: var(--critical-tint); color: var(--critical); }
.badge.warning, .badge.withheld { background: var(--warning-tint); color: var(--warning); }
.badge.info, .badge.planned { background: var(--info-tint); color: var(--info); }
.badge.unknown { background: var(--plain-tint); color: var(--muted); }
.badge.ok, .badge.done { background: var(--ok-tint); color: var(--ok); }
.kind { font-weight: 600; font-size: .875rem; }
.entries { list-style: none; margin: 0; padding: 0; }
.entries li { border-top: 1px solid var(--line); padding: .6rem 0; }
details .entries li { content-visibility: auto; contain-intrinsic-size: auto 6rem; }
.entries p { margin: 0; max-width: 68rem; }
.remedy { padding-left: .75rem; border-left: 3px solid var(--line); }
.entries p.remedy { margin-top: .25rem; }
summary { cursor: pointer; color: var(--link); padding: .4rem 0; }

svg { display: block; margin: .5rem 0; overflow: visible; }
svg text { fill: var(--text); font-size: 12.5px; }
.day { fill: var(--muted); }
.tick line { stroke: var(--line); } .tick text { fill: var(--muted); }
.today line { stroke: var(--text); stroke-width: 2; } .today text { font-weight: 700; }
.soon .span { fill: var(--info-tint); } .soon .end { fill: var(--info); }
.overdue .span { fill: var(--critical-tint); } .overdue .end { fill: var(--critical); }
.tokenless .span, .unread .span { fill: var(--plain-tint); } .tokenless .end, .unread .end { fill: var(--muted); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .8125rem; }
.legend span::before { content: ""; display: inline-block; width: .25rem; height: .9rem; margin-right: .5rem; vertical-align: -.1rem; background: var(--muted); }
.legend .soon::before { background: var(--info); } .legend .overdue::before { background: var(--critical); }

table { border-collapse: collapse; width: 100%; font-size: .875rem; }
caption { text-align: left; color: var(--muted); padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--card); border-bottom: 2px solid var(--line); }
.scroll { overflow-x: auto; }
.list { width: auto; min-width: 60%; overflow-wrap: break-word; }
.deployments { table-layout: fixed; }
.deployments small { display: block; }
.deployments thead th { position: sticky; top: 0; z-index: 1; padding: 0; }
.deployments thead th:not(:has(button)) { padding: .5rem .6rem; }
.deployments tbody tr:hover > * { background: var(--plain-tint); }
.deployments th:nth-child(1) { width: 20%; } .deployments th:nth-child(2) { width: 19%; } .deployments th:nth-child(3) { width: 17%; }
.deployments th:nth-child(4) { width: 9%; } .deployments th:nth-child(5) { width: 10%; }
thead button { font: inherit; font-weight: 700; color: inherit; background: none; border: 0; padding: .5rem .6rem; width: 100%; text-align: left; cursor: pointer; overflow-wrap: normal; }
thead button::after { content: " \\2195" / ""; color: var(--muted); font-weight: 400; }
[aria-sort="ascending"] button::after { content: " \\2191" / ""; color: var(--link); font-weight: 700; } [aria-sort="descending"] button::after { content: " \\2193" / ""; color: var(--link); font-weight: 700; }
.controls:not([hidden]) { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin-bottom: .75rem; }
.controls label { display: grid; font-size: .8125rem; color: var(--muted); }
#controls label:first-child { flex: 1 1 14rem; }
input, select, .controls button, .more button { font: inherit; font-size: 1rem; color: var(--text); background: var(--page); border: 1px solid var(--muted); border-radius: .375rem; padding: .4rem .6rem; min-height: 2.5rem; }
::placeholder { color: var(--muted); opacity: 1; }
.controls button, .more button { cursor: pointer; }
.more { text-align: center; margin: 1rem 0 0; }
.facts { margin: 0; }
.facts div { display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: .25rem 1rem; padding: .3rem 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--muted); } .facts dd { margin: 0; }

@media screen and (max-width: 48rem) {
  header, main, footer, nav { padding-left: .75rem; padding-right: .75rem; }
  section { padding: .9rem; }
  .blocks { grid-template-columns: minmax(0, 1fr); }
  .can-not-pull { display: flex; flex-wrap: wrap; gap: 0 1rem; } .can-not-pull .meta { display: none; }
  nav ul { gap: .1rem 1rem; margin: .4rem 0 .6rem; font-size: .875rem; }
  header { padding-top: .75rem; } h1, .headline { font-size: 1.25rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .marks .day { display: none; }
  #controls label:not(:first-child) { flex: 1 1 8rem; }
  .facts div { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .list { min-width: 34rem; } details .list { min-width: 0; width: 100%; }
  .deployments, .deployments caption, .deployments tbody, .deployments tr, .deployments tbody th, .deployments td { display: block; }
  .deployments thead tr { display: flex; flex-wrap: wrap; gap: .25rem; }
  .deployments thead, .deployments thead th:has(button) { display: block; }
  .deployments thead th { position: static; border: 0; }
  .deployments thead th:nth-child(n) { width: auto; }
  .deployments thead th:not(:has(button)) { display: none; }
  thead button { border: 1px solid var(--line); border-radius: .375rem; }
  .deployments tbody tr { border-bottom: 2px solid var(--line); padding: .6rem 0; }
  .deployments tbody tr > :nth-child(n) { width: auto; border: 0; padding: .15rem 0; }
  .deployments td:not(:empty) { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); justify-items: start; }
  .deployments td small { grid-column: 2; }
  .deployments td::before { color: var(--muted); }
  .deployments td:empty { display: none; }
  .deployments td:nth-child(2)::before { content: "License" / ""; } .deployments td:nth-child(3)::before { content: "Docker Hub" / ""; }
  .deployments td:nth-child(4)::before { content: "Vault" / ""; } .deployments td:nth-child(5)::before { content: "Verdict" / ""; }
  .deployments td:nth-child(6)::before { content: "Next step" / ""; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --text: #000; --muted: #444; --line: #bbb; --link: #000;
    --critical: #9c1c15; --critical-tint: #f6dedc; --warning: #6b4200; --warning-tint: #f7ead0;
    --info: #124a8f; --info-tint: #dde9f7; --ok: #165632; --ok-tint: #dcefe3; --plain-tint: #e8e8e8;
  }
  html { font-size: 11px; }
  svg text { font-size: 10.5px; }
  .tiles { grid-template-columns: repeat(7, minmax(0, 1fr)); gap: .4rem; }
  .list { width: 100%; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav, .skip, .controls, .controls:not([hidden]), .more, .copy, .scripted .copy, .anchor, summary { display: none; }
  header, main, footer { max-width: none; padding: 0; }
  section { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: .75rem 0; margin: 0; }
  .verdict { padding-left: .75rem; }
  h2, h3, h4 { break-after: avoid; }
  tr, thead, .entries li, .tile, svg { break-inside: avoid; }
  thead { display: table-header-group; }
  .tile { padding: .3rem .4rem; } .tile b { font-size: 1.4rem; } .tile dt { font-size: .85rem; }
  details .entries li { content-visibility: visible; }
  details:has(> .entries)::details-content { content-visibility: visible; display: block; block-size: auto; }
  .deployments thead th { position: static; }
  /* A row with boxes of buttons is not repeated on every sheet. */
  thead button { display: contents; } thead button::after { content: none !important; }
  .deployments thead th, .deployments thead th:has(button) { padding: .3rem .6rem; }
}
`;

/** The looks of a map's page: calm in the light and in the dark. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--ground:#fbfcfd;--panel:#fff;--ink:#1f2a37;--soft:#67748a;--line:#dfe5eb;--all:#2f7d6d;--some:#8cc3b4;--someink:#123f36;--none:#eef2f5;
--unknown:#e8b04f;--denied:#b4483c;--somedenied:#e3aaa2;--focus:#2563eb;--good:#1f7a5c;--bad:#b23b2e;--warn:#9a6400}
@media (prefers-color-scheme:dark){:root{--ground:#12171d;--panel:#1a2129;--ink:#e4eaf1;--soft:#93a1b3;--line:#2c3641;--all:#3f9c88;--some:#28584d;--someink:#cdeee5;--none:#1d252e;
--unknown:#b98524;--denied:#c75c50;--somedenied:#6b3a35;--focus:#7aa7ff;--good:#6fcfae;--bad:#f0877b;--warn:#e3b257}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;height:100vh;display:flex;flex-direction:column}
header{display:flex;flex-wrap:wrap;gap:12px 32px;align-items:center;justify-content:space-between;padding:18px 24px 14px;border-bottom:1px solid var(--line)}
h1{font-size:18px;font-weight:600;margin:0}
.summary,.hint,.detail,.word{color:var(--soft)}.summary{margin:2px 0 0}.hint{margin:8px 0;font-size:13px}
.tools{display:flex;gap:20px;align-items:center;flex-wrap:wrap}
[role=tablist]{display:inline-flex;border:1px solid var(--line);border-radius:8px;overflow:hidden;background:var(--panel)}
[role=tab]{border:0;background:none;color:var(--soft);font:inherit;padding:6px 16px;cursor:pointer}
[role=tab][aria-selected=true]{background:var(--ink);color:var(--ground)}
.search input{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:6px 10px;width:15em}
.search span{color:var(--soft);margin-right:4px}
.note{margin:0;padding:8px 24px;background:color-mix(in srgb,var(--unknown) 18%,transparent)}
main{flex:1;min-height:0;display:grid;grid-template-columns:minmax(0,1fr) minmax(340px,42%)}
section{min-width:0;min-height:0;padding:6px 12px 12px 24px;display:flex;flex-direction:column}section[hidden]{display:none}
.scroll{overflow:auto;flex:1;min-height:0}
aside{overflow:auto;border-left:1px solid var(--line);background:var(--panel);padding:14px 20px 24px}
:focus-visible{outline:2px solid var(--focus);outline-offset:-2px}
#grid{border-collapse:separate;border-spacing:3px;font-size:13px}
#grid th{font-weight:400;text-align:left}
#grid th.row{position:sticky;left:0;background:var(--ground);z-index:1;padding:0 10px 0 0;white-space:nowrap;max-width:260px;overflow:hidden;text-overflow:ellipsis}
#grid th .detail{margin-left:6px;font-size:12px}
#grid thead th,#grid thead td{position:sticky;top:0;background:var(--ground);z-index:2;vertical-align:bottom;padding:0 2px 6px}
#grid thead td{left:0;z-index:3}
#grid th.column .tilt{writing-mode:vertical-rl;transform:rotate(180deg);max-height:170px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;display:inline-block}
.cell{min-width:34px;max-width:92px;height:30px;padding:0 6px;border-radius:6px;text-align:center;cursor:pointer;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:12px}
.cell.all{background:var(--all);color:#fff}.cell.some{background:var(--some);color:var(--someink)}.cell.none{background:var(--none)}.cell.unknown{background:var(--unknown);color:#241700}
.cell.blank{background:none;cursor:default}.cell.dim{opacity:.35}.cell.chosen{box-shadow:0 0 0 2px var(--ground),0 0 0 4px var(--focus)}
.denied .cell.all,.verdict.all.denied .chip{background:var(--denied);color:#fff}.denied .cell.some,.verdict.some.denied .chip{background:var(--somedenied);color:inherit}
.legend{margin:10px 0 0;color:var(--soft);font-size:12px}
.swatch{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 5px 0 14px;vertical-align:-1px}.swatch:first-child{margin-left:0}
.swatch.all{background:var(--all)}.swatch.some{background:var(--some)}.swatch.none{background:var(--none)}.swatch.unknown{background:var(--unknown)}
.denied .swatch.all{background:var(--denied)}.denied .swatch.some{background:var(--somedenied)}
.end{margin-bottom:4px}.end .word{display:inline-block;width:3em}.end .name{font-weight:600}.end .detail{margin-left:8px}
.end details{margin:2px 0 6px 3em}.end summary{cursor:pointer;color:var(--soft);font-size:12px}.members{margin:4px 0;padding-left:18px;max-height:220px;overflow:auto;font-size:13px}
.verdict{margin:12px 0}.chip{display:inline-block;padding:3px 12px;border-radius:12px;background:var(--none);overflow-wrap:anywhere}
.verdict.all .chip{background:var(--all);color:#fff}.verdict.some .chip{background:var(--some);color:var(--someink)}.verdict.unknown .chip{background:var(--unknown);color:#241700}
.walk{font:12px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;border:1px solid var(--line);border-radius:8px;padding:10px 14px;margin:10px 0;background:var(--ground);overflow-x:auto}
.line{white-space:pre-wrap;overflow-wrap:anywhere;padding-left:4ch;text-indent:-4ch;unicode-bidi:plaintext}
.r-g{color:var(--good);font-weight:600}.r-e{color:var(--bad);font-weight:600}.r-w{color:var(--warn);font-weight:600}.r-n{color:var(--warn)}.r-p{color:var(--focus)}.r-s{font-weight:600}.r-f{color:var(--soft)}
code{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--none);border-radius:6px;padding:4px 8px;display:inline-block;overflow-wrap:anywhere}
#graph .chart{max-width:100%;height:auto;min-width:640px}#graph .title{display:none}#graph .ground{fill:none}#graph text{fill:var(--ink)}#graph .head,#graph .detail{fill:var(--soft);margin:0}
#graph .group rect{fill:var(--none);stroke:var(--line)}#graph .flow rect{fill:var(--panel)}#graph .group,#graph .flow{cursor:pointer}#graph .dim{opacity:.12}
#graph g:focus{outline:none}#graph g:focus-visible rect{stroke:var(--focus);stroke-width:2.5}
@media (max-width:860px){body{height:auto}main{grid-template-columns:1fr}aside{border-left:0;border-top:1px solid var(--line)}}
@media print{body{height:auto}.tools{display:none}}
`

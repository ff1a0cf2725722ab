#include "support/page.h"

#include <tenon/tenon.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace samples {
namespace {

constexpr const char* kStyle = R"(
:root { --ink: #1c2128; --soft: #6b7280; --line: #e7e3dc; --paper: #faf8f5; --card: #fff;
        --accent: #167d70; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
       font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 44px 28px 64px; }
h1 { font-size: 30px; font-weight: 650; letter-spacing: -0.02em; margin: 0 0 6px; }
h2 { font-size: 16px; font-weight: 650; margin: 0 0 4px; }
p { margin: 0; color: var(--soft); max-width: 70ch; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 16px;
           margin: 28px 0 16px; }
.number b { display: block; font-size: 30px; font-weight: 650; letter-spacing: -0.02em;
            font-variant-numeric: tabular-nums; }
.number.main b { color: var(--accent); }
.number span { color: var(--soft); font-size: 13px; }
.card, .number { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
                 padding: 20px 22px; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 16px;
       margin-bottom: 16px; }
.card { margin-bottom: 16px; overflow-x: auto; }
.two .card { margin-bottom: 0; }
.card p { font-size: 13px; margin-bottom: 14px; max-width: none; }
svg { display: block; max-width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg text.digit { font-size: 14px; font-weight: 600; fill: var(--ink); }
svg text.count { font-size: 13px; }
.grid { stroke: var(--line); }
.legend { display: flex; gap: 18px; font-size: 13px; color: var(--soft); margin-bottom: 8px; }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 7px;
            vertical-align: middle; }
.tiles { display: flex; flex-wrap: wrap; gap: 14px; }
.even { gap: 17px; }
.tile { font-size: 12px; color: var(--soft); text-align: center; }
.tile svg { border: 1px solid var(--line); border-radius: 6px; margin: 0 auto 5px; }
.tile b { color: var(--ink); }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: 6px 18px 6px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr:last-child > * { border-bottom: 0; }
tr > :last-child { padding-right: 0; }
td.right, th.right { text-align: right; }
table.stages { width: auto; }
table.stages .tiles { gap: 3px; flex-wrap: nowrap; }
table.stages svg { margin: 0; max-width: none; }
.ten .tiles { display: grid; grid-template-columns: repeat(10, minmax(0, 1fr)); margin-bottom: 14px; }
td.wide { white-space: normal; width: 100%; }
footer { font-size: 12px; color: var(--soft); margin-top: 24px; }
)";

}  // namespace

std::string page(const std::string& title, const std::string& about, const std::string& body,
                 const std::string& credit) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\"><title>" +
         escape(title) + "</title><style>" + kStyle + "</style></head>\n<body><main>\n<h1>" +
         escape(title) + "</h1>\n<p>" + about + "</p>\n" + body + "<footer>" + credit +
         "</footer>\n</main></body></html>\n";
}

std::string figure(const std::string& value, const std::string& what, bool main) {
  return std::string("<div class=\"number") + (main ? " main" : "") + "\"><b>" + escape(value) +
         "</b><span>" + escape(what) + "</span></div>\n";
}

std::string legend(const std::vector<Curve>& curves) {
  std::string html = "<div class=\"legend\">";
  for (const Curve& curve : curves) {
    html +=
        "<span><i style=\"background:" + curve.color + "\"></i>" + escape(curve.label) + "</span>";
  }
  return html + "</div>\n";
}

void write_page(const std::string& html, const std::string& path) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << html;
  file.flush();
  if (!file) {
    throw tenon::NotFoundError(tenon::ErrorKind::bad_argument,
                               "Can't write the report, " + path + ": " + std::strerror(errno) +
                                   ". Name another file with --report, in a folder that is there.");
  }
}

}  // namespace samples

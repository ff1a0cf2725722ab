#!/usr/bin/env python3
"""Takes the code out of a page of documentation, so that the build compiles what the page shows.

page_code.py PAGE NAME FOLDER writes into FOLDER, and prints a line "program FILE" or "object FILE" for
each file that is to be compiled:

  NAME_example.cc   a block of C++ with a main function: a program as it stands
  NAME_page.cc      the blocks that are a function's body, each run in a graph of its own; the page's
                    first block with includes is what they share
  NAME_block_N.cc   any other block with includes: a file of its own, only compiled
  NAME_table.cc     what stands in backquotes in tables: in a column headed Tenon as statements,
                    elsewhere, where it has "::" in it, as expressions; only compiled. context.h
                    declares the names that they assume.

Compilers' messages give the page's own lines.
"""

import os
import re
import sys

SHARED = "#include <tenon/tenon.h>\n\n#include <iostream>\nnamespace tn = tenon;\n"
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")


def blocks(lines):
    """The blocks of C++: the number of the first line, and the text."""
    found, inside = [], False
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "```cpp":
            found.append((number + 1, ""))
            inside = True
        elif line.rstrip() == "```":
            inside = False
        elif inside:
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


def cells(line):
    """The cells of a table's row; a bar in backquotes or behind a backslash divides nothing."""
    bare = SPAN.sub(lambda span: span.group().replace("|", "\0"), line.strip().strip("|"))
    return [cell.replace("\0", "|").replace("\\|", "|").strip()
            for cell in re.split(r"(?<!\\)\|", bare)]


def table_code(lines):
    """What tables show as code: the line's number, whether it is a statement, and the text."""
    header, inside, found = None, False, []
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            inside = not inside
        if inside or not line.startswith("|"):
            header = None
            continue
        row = cells(line)
        if header is None:
            header = row
            continue
        for title, cell in zip(header, row):
            for code in SPAN.findall(cell):
                if title == "Tenon" or "::" in code:
                    found.append((number, title == "Tenon", code))
    return found


def at(page, number):
    return f'#line {number} "{page}"\n'


def body_functions(page, bodies):
    text, calls = "", ""
    for number, code in bodies:
        text += f"\nvoid block_{number}() {{\n{at(page, number)}{code}}}\n"
        calls += (f"    {{\n      auto as_default = tn::Graph().as_default();\n"
                  f"      block_{number}();\n    }}\n")
    return text + ("\nint main() {\n  try {\n" + calls +
                   "  } catch (const tn::Error& error) {\n"
                   "    std::cerr << error.what() << '\\n';\n    return 1;\n  }\n}\n")


def table_functions(page, codes):
    directives, functions = "", ""
    for count, (number, statement, code) in enumerate(codes):
        if re.match(r"#|namespace\b", code):  # of the file, not of a function
            directives += at(page, number) + code + "\n"
            continue
        if code.startswith("catch"):
            code = f"try {{ }} {code} {{ }}"
        elif not statement:
            code = f"static_cast<void>(sizeof({code}));"
        elif not code.endswith(";"):
            code += ";"
        functions += f"[[maybe_unused]] void code_{count}() {{\n{at(page, number)}{code}\n}}\n"
    return (directives + '#include "tests/pages/context.h"\n'
            "namespace {\nusing namespace tenon;\nusing namespace page_context;\n\n" +
            functions + "}  // namespace\n")


def write(folder, name, text, kind):
    path = os.path.join(folder, name)
    if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    print(kind, path)


def main(page, name, folder):
    with open(page, encoding="utf-8") as file:
        lines = file.readlines()
    shared, bodies = None, []
    for count, (number, code) in enumerate(blocks(lines)):
        if "int main(" in code:
            write(folder, f"{name}_example.cc", at(page, number) + code, "program")
        elif "#include" not in code:
            bodies.append((number, code))
        elif shared is None:
            shared = at(page, number) + code
        else:
            write(folder, f"{name}_block_{count}.cc", at(page, number) + code, "object")
    if bodies:
        write(folder, f"{name}_page.cc", (shared or SHARED) + body_functions(page, bodies), "program")
    elif shared:
        write(folder, f"{name}_block_0.cc", shared, "object")
    codes = table_code(lines)
    if codes:
        write(folder, f"{name}_table.cc", table_functions(page, codes), "object")


if __name__ == "__main__":
    main(*sys.argv[1:])

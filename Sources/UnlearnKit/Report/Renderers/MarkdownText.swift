// Makes text of unknown origin safe inside Markdown: a model's answer must not change the page around it.

import UnlearnFormats

enum MarkdownText {
    /// `text` on one line, with every character that Markdown or HTML could read as markup escaped.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in PlainText.singleLine(text) {
            switch character {
            case "\\", "|", "`", "*", "_", "[", "]", "~", "#", "$": result += "\\\(character)"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            default: result.append(character)
            }
        }
        return result
    }

    /// A table; cells must be escaped already.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        let lines = [header, header.map { _ in "---" }] + rows
        return lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    static func list(_ items: [String]) -> String {
        items.map { "- " + escaped($0) + "\n" }.joined()
    }
}

enum PlainText {
    /// `text` with line breaks and runs of spaces as single spaces, and without control characters, which could
    /// otherwise steer a terminal.
    static func singleLine(_ text: String) -> String {
        visible(text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// `text` without control characters, but with its line breaks, and without space at its ends.
    static func lines(_ text: String) -> String {
        let lines = text.lines.map { visible($0) }
        let isBlank = { (line: String) in line.allSatisfy(\.isWhitespace) }
        let inner = lines.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        return inner.joined(separator: "\n")
    }

    private static func visible(_ text: some StringProtocol) -> String {
        String(
            text.unicodeScalars.map { scalar -> Character in
                switch scalar.properties.generalCategory {
                case .control, .lineSeparator, .paragraphSeparator: " "
                default: Character(scalar)
                }
            })
    }

    /// `text` cut to `width` characters, with a sign where something was left out.
    static func shortened(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }
}

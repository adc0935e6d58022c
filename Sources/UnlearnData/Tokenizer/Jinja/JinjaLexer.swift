// Cuts a template into text and the words of its tags. White space follows trim_blocks and lstrip_blocks.

struct JinjaToken {
    let line: Int
    let kind: Kind

    enum Kind: Equatable {
        case text(String)
        /// `{%`, `{{`, and what ends both.
        case block, output, close
        case name(String)
        case literal(String)
        case integer(Int)
        case symbol(String)
    }
}

struct JinjaLexer {
    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var tokens: [JinjaToken] = []

    init(_ source: String) {
        // Jinja reads every line end as "\n", and drops the last one of a template.
        var scalars: [Unicode.Scalar] = []
        for scalar in source.unicodeScalars {
            if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
            scalars.append(scalar)
        }
        scalars = scalars.map { $0 == "\r" ? "\n" : $0 }
        if scalars.last == "\n" { scalars.removeLast() }
        self.source = scalars
    }

    mutating func read() throws(JinjaError) -> [JinjaToken] {
        var startsLine = true
        while position < source.count {
            let opening = try text(startsLine: startsLine)
            switch opening {
            case nil: break
            case "#":
                while position < source.count, !isNext("#}") { advance() }
                try close("#")
            case let opening?:
                add(opening == "%" ? .block : .output)
                try words(opening == "%" ? "%" : "}")
            }
            startsLine = position > 0 && source[position - 1] == "\n"
        }
        return tokens
    }

    // MARK: Text

    /// The text up to the next tag, whose second character is returned.
    private mutating func text(startsLine: Bool) throws(JinjaError) -> Unicode.Scalar? {
        let start = position
        while position < source.count, !["{{", "{%", "{#"].contains(where: isNext) { position += 1 }
        var end = position
        guard position < source.count else {
            addText(start..<end)
            return nil
        }
        let opening = source[position + 1]
        position += 2
        let sign = position < source.count && "+-".unicodeScalars.contains(source[position]) ? source[position] : nil
        if sign == "-" {
            while end > start, source[end - 1].isPythonSpace { end -= 1 }
        } else if sign == nil, opening != "{" {
            var space = end
            while space > start, source[space - 1] != "\n", source[space - 1].isPythonSpace { space -= 1 }
            if space > start ? source[space - 1] == "\n" : startsLine { end = space }
        }
        addText(start..<end)
        line += source[end..<position].count { $0 == "\n" }
        if sign != nil { position += 1 }
        return opening
    }

    private mutating func addText(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: source[range])
        add(.text(String(scalars)))
        line += source[range].count { $0 == "\n" }
    }

    /// The end of a tag, and the white space that goes with it.
    private mutating func close(_ mark: Unicode.Scalar) throws(JinjaError) {
        // A comment's sign stands before the end that was looked for.
        let sign = mark == "#" ? source[position - 1] : source[position]
        if mark != "#", sign == "-" || sign == "+" { advance() }
        guard position + 1 < source.count else { throw fail("a tag does not end") }
        position += 2
        if sign == "-" {
            while position < source.count, source[position].isPythonSpace { advance() }
        } else if sign != "+", mark != "}", position < source.count, source[position] == "\n" {
            advance()
        }
    }

    // MARK: Words

    private mutating func words(_ mark: Unicode.Scalar) throws(JinjaError) {
        let ends = mark == "%" ? ["%}", "-%}", "+%}"] : ["}}", "-}}"]
        var depth = 0
        while true {
            while position < source.count, source[position].isPythonSpace { advance() }
            guard position < source.count else { throw fail("a tag does not end") }
            if depth == 0, ends.contains(where: isNext) {
                try close(mark)
                return add(.close)
            }
            let scalar = source[position]
            switch scalar {
            case "'", "\"": try literal(scalar)
            case "0"..."9": try integer()
            case "_", "a"..."z", "A"..."Z":
                add(.name(take { $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }))
            default:
                let symbol = ["**", "//", "==", "!=", ">=", "<="].first(where: isNext) ?? String(scalar)
                guard symbol.count == 2 || "+-*/%~()[]{}<>=.,:|".unicodeScalars.contains(scalar) else {
                    throw fail("'\(scalar)' is not expected in a tag")
                }
                if "([{".unicodeScalars.contains(scalar) { depth += 1 }
                if ")]}".unicodeScalars.contains(scalar) { depth -= 1 }
                position += symbol.unicodeScalars.count
                add(.symbol(symbol))
            }
        }
    }

    private mutating func integer() throws(JinjaError) {
        let digits = take { ("0"..."9").contains($0) || $0 == "_" }.filter { $0 != "_" }
        let isFraction =
            position + 1 < source.count && source[position] == "." && ("0"..."9").contains(source[position + 1])
        guard !isFraction, let number = Int(digits) else { throw fail("only whole numbers of usual size can be read") }
        add(.integer(number))
    }

    /// A text in quotation marks, with Python's escapes.
    private mutating func literal(_ mark: Unicode.Scalar) throws(JinjaError) {
        let escapes: [Unicode.Scalar: Unicode.Scalar] = [
            "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "0": "\0", "a": "\u{7}", "b": "\u{8}",
            "f": "\u{C}", "v": "\u{B}",
        ]
        var result = String.UnicodeScalarView()
        position += 1
        while position < source.count, source[position] != mark {
            guard source[position] == "\\", position + 1 < source.count else {
                result.append(source[position])
                advance()
                continue
            }
            let letter = source[position + 1]
            if let digits = (["x": 2, "u": 4, "U": 8] as [Unicode.Scalar: Int])[letter] {
                let code = source[min(position + 2, source.count)..<min(position + 2 + digits, source.count)]
                let value = UInt32(code.map { String($0) }.joined(), radix: 16).flatMap(Unicode.Scalar.init)
                guard let value, code.count == digits else { throw fail("an escaped character is incomplete") }
                result.append(value)
                position += 2 + digits
            } else {
                if let escaped = escapes[letter] {
                    result.append(escaped)
                } else if letter != "\n" {
                    result.append(contentsOf: ["\\", letter])
                }
                position += 1
                advance()
            }
        }
        guard position < source.count else { throw fail("a text in quotation marks does not end") }
        position += 1
        add(.literal(String(result)))
    }

    private mutating func take(while condition: (Unicode.Scalar) -> Bool) -> String {
        var result = String.UnicodeScalarView()
        while position < source.count, condition(source[position]) {
            result.append(source[position])
            position += 1
        }
        return String(result)
    }

    private func isNext(_ text: String) -> Bool { source[position...].starts(with: text.unicodeScalars) }

    private mutating func advance() {
        if source[position] == "\n" { line += 1 }
        position += 1
    }

    private mutating func add(_ kind: JinjaToken.Kind) { tokens.append(JinjaToken(line: line, kind: kind)) }

    private func fail(_ problem: String) -> JinjaError { JinjaError(line: line, problem: problem) }
}

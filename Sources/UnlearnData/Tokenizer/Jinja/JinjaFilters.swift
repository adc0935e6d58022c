// Filters, tests and the methods of texts.

extension JinjaRenderer {
    func filter(_ name: String, _ value: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
        switch (name, value) {
        case ("default", _), ("d", _):
            let isMissing =
                if case .undefined = value { true } else {
                    call.argument(1, "boolean")?.isTrue == true && !value.isTrue
                }
            return isMissing ? call.argument(0, "default_value") ?? .text("") : value
        case ("trim", _), ("upper", _), ("lower", _), ("title", _), ("capitalize", _), ("replace", _):
            return try method(name == "trim" ? "strip" : name, of: try text(of: value), call) ?? value
        case ("string", _), ("safe", .text): return .text(try text(of: value))
        case ("length", .text), ("length", .list), ("length", .dictionary), ("count", .text), ("count", .list),
            ("count", .dictionary):
            return .integer(value.count)
        case ("length", .undefined), ("count", .undefined): return .integer(0)
        case ("first", _): return try items(of: value).first ?? .undefined("the first item")
        case ("last", _): return try items(of: value).last ?? .undefined("the last item")
        case ("list", _): return .list(try items(of: value))
        case ("items", .dictionary(let members)): return .list(members.map { .list([.text($0.key), $0.value]) })
        case ("reverse", .text(let letters)): return .text(letters.reversed())
        case ("reverse", _): return .list(try items(of: value).reversed())
        case ("int", .integer), ("int", .boolean): return .integer(value.number ?? 0)
        case ("join", _):
            let separator = try call.argument(0, "d").map { (it) throws(JinjaError) in try text(of: it) } ?? []
            let parts = try items(of: value).map { (it) throws(JinjaError) in try text(of: it) }
            return .text(try joined(parts, separator))
        case ("map", _):
            guard let key = call.named.last(where: { $0.name == "attribute" })?.value else { break }
            return .list(try items(of: value).map { (it) throws(JinjaError) in try item(key, of: it) })
        case ("selectattr", _), ("rejectattr", _):
            guard let key = call.positional.first else { break }
            var chosen: [JinjaValue] = []
            for it in try items(of: value)
            where try holds(try item(key, of: it), call.positional.dropFirst()) == (name == "selectattr") {
                chosen.append(it)
            }
            return .list(chosen)
        default: break
        }
        throw fail("the filter '\(name)' is not supported for \(value.kind)")
    }

    private func joined(_ parts: [[JinjaLetter]], _ separator: [JinjaLetter]) throws(JinjaError) -> [JinjaLetter] {
        try check(letters: parts.reduce(parts.count * separator.count) { $0 + $1.count })
        return Array(parts.joined(separator: separator))
    }

    private func holds(_ value: JinjaValue, _ test: ArraySlice<JinjaValue>) throws(JinjaError) -> Bool {
        guard case .text(let name)? = test.first else { return value.isTrue }
        return try self.test(name.string, value, Array(test.dropFirst()))
    }

    func test(_ name: String, _ value: JinjaValue, _ arguments: [JinjaValue]) throws(JinjaError) -> Bool {
        switch (name, value, arguments.first) {
        case ("defined", .undefined, _): false
        case ("defined", _, _), ("undefined", .undefined, _), ("none", .none, _), ("string", .text, _),
            ("mapping", .dictionary, _), ("boolean", .boolean, _),
            ("number", .integer, _), ("number", .boolean, _), ("integer", .integer, _), ("sequence", .text, _),
            ("sequence", .list, _), ("sequence", .dictionary, _), ("iterable", .text, _), ("iterable", .list, _),
            ("iterable", .dictionary, _), ("iterable", .undefined, _), ("sequence", .undefined, _),
            ("callable", .macro, _), ("callable", .function, _), ("true", .boolean(true), _),
            ("false", .boolean(false), _):
            true
        case ("undefined", _, _), ("none", _, _), ("string", _, _), ("mapping", _, _), ("boolean", _, _),
            ("number", _, _),
            ("integer", _, _), ("sequence", _, _), ("iterable", _, _), ("callable", _, _), ("true", _, _),
            ("false", _, _):
            false
        case ("equalto", _, let other?), ("eq", _, let other?): value.equals(other)
        case ("ne", _, let other?): !value.equals(other)
        case ("in", _, let other?): try contains(other, value)
        case ("odd", .integer(let number), _): number % 2 != 0
        case ("even", .integer(let number), _): number % 2 == 0
        case ("divisibleby", .integer(let number), .integer(let divisor)?) where divisor > 0: number % divisor == 0
        default: throw fail("the test '\(name)' is not supported for \(value.kind)")
        }
    }

    /// What a method of Python's texts gives; nil for one that is not known here.
    func method(_ name: String, of text: [JinjaLetter], _ call: JinjaCall) throws(JinjaError) -> JinjaValue? {
        func argument(_ index: Int, _ name: String = "") throws(JinjaError) -> [JinjaLetter]? {
            switch call.argument(index, name) {
            case nil, JinjaValue.none?: nil
            case .text(let letters)?: letters
            case let other?: throw fail("\(other.kind) stands where a text is expected")
            }
        }
        switch name {
        case "strip", "lstrip", "rstrip":
            let characters = try argument(0, "chars")
            func isOuter(_ letter: JinjaLetter) -> Bool { characters?.contains(letter) ?? letter.isSpace }
            var rest = text[...]
            if name != "rstrip" { rest = rest.drop(while: isOuter) }
            while name != "lstrip", let last = rest.last, isOuter(last) { rest.removeLast() }
            return .text(Array(rest))
        case "startswith": return .boolean(text.starts(with: try argument(0) ?? []))
        case "endswith": return .boolean(text.reversed().starts(with: (try argument(0) ?? []).reversed()))
        case "upper": return .text(text.mapped(\.uppercaseMapping))
        case "lower": return .text(text.mapped(\.lowercaseMapping))
        case "capitalize":
            return .text(Array(text.prefix(1)).mapped(\.titlecaseMapping) + text.dropFirst().mapped(\.lowercaseMapping))
        case "title":
            let words = text.indices.map { index in
                let isInside = index > 0 && text[index - 1].scalar.properties.isAlphabetic
                return [text[index]].mapped(isInside ? \.lowercaseMapping : \.titlecaseMapping)
            }
            return .text(words.flatMap(\.self))
        case "replace":
            guard let old = try argument(0, "old"), !old.isEmpty, let new = try argument(1, "new") else {
                throw fail("'replace' needs a text to replace and another")
            }
            let parts = text.parts(separator: old, most: call.argument(2, "count")?.number ?? .max)
            return .text(try joined(parts, new))
        case "split":
            let most = call.argument(1, "maxsplit")?.number ?? -1
            guard let separator = try argument(0, "sep") else {
                guard most < 0 else { throw fail("'split' with a number alone is not supported") }
                return .list(text.split(whereSeparator: \.isSpace).map { .text(Array($0)) })
            }
            guard !separator.isEmpty else { throw fail("'split' needs a text to cut at") }
            return .list(text.parts(separator: separator, most: most < 0 ? .max : most).map { .text($0) })
        default: return nil
        }
    }
}

extension Sequence<JinjaLetter> {
    fileprivate func mapped(_ mapping: KeyPath<Unicode.Scalar.Properties, String>) -> [JinjaLetter] {
        flatMap { [JinjaLetter]($0.scalar.properties[keyPath: mapping], $0.source) }
    }
}

extension [JinjaLetter] {
    /// The texts between the first `most` occurrences of `separator`.
    fileprivate func parts(separator: [JinjaLetter], most: Int) -> [[JinjaLetter]] {
        var parts: [[JinjaLetter]] = []
        var start = 0
        while parts.count < most, let match = self[start...].firstRange(of: separator) {
            parts.append(Array(self[start..<match.lowerBound]))
            start = match.upperBound
        }
        return parts + [Array(self[start...])]
    }
}

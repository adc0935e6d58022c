// What templates call: macros, a few functions of the language, and the methods of values.

extension JinjaRenderer {
    mutating func call(_ function: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
        switch function {
        case .macro(let macro): return try self.call(macro, call)
        case .function("namespace") where call.positional.isEmpty, .function("dict") where call.positional.isEmpty:
            let members = call.named.map { (key: $0.name, value: $0.value) }
            try count(whole: .dictionary(members))
            if case .function("dict") = function { return .dictionary(members) }
            return .namespace(JinjaNamespace(members))
        case .function("raise_exception"):
            throw fail("it says '\(try call.positional.first.map(text)?.string ?? "")'")
        case .function("range"):
            let bounds = call.positional.compactMap(\.number)
            guard bounds.count == call.positional.count, (1...3).contains(bounds.count),
                bounds.allSatisfy({ abs($0.clamped) <= Self.mostItems }), bounds.count < 3 || bounds[2] != 0
            else { throw fail("'range' is given no numbers, or too large ones") }
            let range = stride(
                from: bounds.count > 1 ? bounds[0] : 0, to: bounds.count > 1 ? bounds[1] : bounds[0],
                by: bounds.count > 2 ? bounds[2] : 1)
            return .list(range.map { .integer($0) })
        case .function(let name): throw fail("'\(name)' is given values without names")
        default: throw fail("\(function.kind) is called as a function")
        }
    }

    private mutating func call(_ macro: JinjaMacro, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
        guard macros < Self.deepestMacro else { throw fail("its macros call each other too deep") }
        macros += 1
        let (outer, written) = (scopes, output)
        scopes = [outer[0], outer[1], [:]]
        output = []
        defer { (scopes, output, macros) = (outer, written, macros - 1) }
        for (index, parameter) in macro.parameters.enumerated() {
            let given = call.argument(index, parameter.name)
            let fallback = try parameter.fallback.map { (it) throws(JinjaError) in try value(it) }
            scopes[2][parameter.name] = given ?? fallback ?? .undefined(parameter.name)
        }
        _ = try render(macro.body)
        return .text(output)
    }

    mutating func call(
        _ name: String, of base: JinjaValue, _ call: JinjaCall
    ) throws(JinjaError) -> JinjaValue {
        try count(in: [base] + call.positional)
        switch (base, name) {
        case (.text(let letters), _):
            guard let result = try method(name, of: letters, call) else {
                throw fail("a text has no method '\(name)' that is supported")
            }
            return result
        case (.dictionary(let members), "items"):
            return .list(members.map { .list([.text($0.key), $0.value]) })
        case (.dictionary(let members), "keys"): return .list(members.map { .text($0.key) })
        case (.dictionary(let members), "values"): return .list(members.map(\.value))
        case (.dictionary(let members), "get"):
            guard case .text(let key)? = call.positional.first else { throw fail("'get' needs a key") }
            return members.last { $0.key == key.string }?.value ?? call.argument(1, "default") ?? .none
        default: return try self.call(try member(name, of: base), call)
        }
    }
}

/// The arguments of a call, evaluated.
struct JinjaCall {
    var positional: [JinjaValue] = []
    var named: [(name: String, value: JinjaValue)] = []

    func argument(_ index: Int, _ name: String) -> JinjaValue? {
        index < positional.count ? positional[index] : named.last { $0.name == name }?.value
    }
}

// The numbers among a method's own options: what no formula can work with is refused before anything is loaded.

import UnlearnFormats

extension Options {
    /// Options that something is divided by.
    private static let divisors: Set<String> = ["beta", "temperature", "teacherTemperature"]
    private static let largestCount = 1_000_000
    private static let largestNumber = 1e9

    /// That every number of a method's own is possible.
    /// - Parameters:
    ///   - defaults: the method's own options as they are by default.
    ///   - options: all options as they were resolved.
    static func checkNumbers(of defaults: JSONValue, in options: JSONValue, at place: String) throws {
        let prefix = place.isEmpty ? "" : place + "."
        for (name, usual) in defaults.object ?? [:] {
            let (values, usuals) = (numbers(options[name]), numbers(usual))
            let mayBeNegative = usuals.allSatisfy { ($0.double ?? 0) <= 0 }
            for value in values {
                if let problem = problem(value, name, mayBeNegative: mayBeNegative) {
                    throw KitError.invalidOption(path: prefix + name, problem: problem)
                }
            }
        }
    }

    /// A number, or those of a list.
    private static func numbers(_ value: JSONValue?) -> [JSONValue] {
        (value?.array ?? value.map { [$0] } ?? []).filter { $0.double != nil }
    }

    private static func problem(_ value: JSONValue, _ name: String, mayBeNegative: Bool) -> String? {
        guard let number = value.double else { return nil }
        if case .int(let count) = value, count > largestCount { return "it must be at most \(largestCount)" }
        if divisors.contains(name), number <= 0 { return "it must be greater than zero" }
        if number < 0, !mayBeNegative { return "it must not be negative" }
        return abs(number) <= largestNumber ? nil : "it must be from −1e9 to 1e9"
    }
}

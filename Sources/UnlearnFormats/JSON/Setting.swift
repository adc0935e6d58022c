// An option with its meaning, its range and its default in one place.

/// An option of a set of options. What `--set` can set, and what `unlearn list options` shows, is declared with it:
/// `@Setting("The peak learning rate.", .positive) public var learningRate = 1e-5`. In files it is its bare value.
@propertyWrapper
public struct Setting<Value: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
    public var wrappedValue: Value
    /// What it does, in words.
    public let meaning: String
    /// What it may be. Asked where options are resolved: in code any value can be set.
    public let bounds: Bounds

    public init(wrappedValue: Value, _ meaning: String, _ bounds: Bounds = .any) {
        (self.wrappedValue, self.meaning, self.bounds) = (wrappedValue, meaning, bounds)
    }

    /// One of several names.
    public init(wrappedValue: Value, _ meaning: String)
    where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
        self.init(wrappedValue: wrappedValue, meaning, Bounds(.names(Value.allCases.map(\.rawValue))))
    }

    public init(from decoder: any Decoder) throws {
        self.init(wrappedValue: try decoder.singleValueContainer().decode(Value.self), "")
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }

    public static func == (one: Self, other: Self) -> Bool { one.wrappedValue == other.wrappedValue }
}

/// What a number may be; or which names there are.
public struct Bounds: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case any, positive, notNegative
        case closed(Double, Double)
        case below(Double, Double)
        case above(Double, Double)
        case names([String])
    }

    let kind: Kind
    private static let largestNumber = 1e9
    private static let largestCount = 1_000_000

    init(_ kind: Kind) { self.kind = kind }

    public static let any = Bounds(.any)
    public static let positive = Bounds(.positive)
    public static let notNegative = Bounds(.notNegative)
    public static func within(_ range: ClosedRange<Int>) -> Bounds {
        Bounds(.closed(Double(range.lowerBound), Double(range.upperBound)))
    }
    public static func within(_ range: ClosedRange<Double>) -> Bounds {
        Bounds(.closed(range.lowerBound, range.upperBound))
    }
    /// More than the first, and at most the second.
    public static func above(_ low: Double, upTo high: Double) -> Bounds { Bounds(.above(low, high)) }
    /// Half-open.
    public static func within(_ range: Range<Double>) -> Bounds { Bounds(.below(range.lowerBound, range.upperBound)) }

    /// For a list of options: "greater than 0", "0 to 1"; empty where everything is possible.
    public var words: String {
        switch kind {
        case .any: ""
        case .positive: "greater than 0"
        case .notNegative: "0 or more"
        case .closed(let low, let high): "\(Self.text(low)) to \(Self.text(high))"
        case .below(let low, let high): "\(Self.text(low)) to less than \(Self.text(high))"
        case .above(let low, let high): "more than \(Self.text(low)), at most \(Self.text(high))"
        case .names(let names): names.joined(separator: ", ")
        }
    }

    /// Why a value cannot be; nil if it can.
    public func problem(with value: JSONValue) -> String? {
        // What is no number is the decoder's to refuse.
        guard let number = value.double, number.isFinite else { return nil }
        switch kind {
        case .positive where !(number > 0): return "it must be greater than zero"
        case .notNegative where number < 0: return "it must not be negative"
        case .closed(let low, let high) where !(low...high).contains(number):
            return "it must be from \(Self.text(low)) to \(Self.text(high))"
        case .below(let low, let high) where !(low..<high).contains(number):
            return "it must be at least \(Self.text(low)) and less than \(Self.text(high))"
        case .above(let low, let high) where !(number > low && number <= high):
            return "it must be greater than \(Self.text(low)) and at most \(Self.text(high))"
        default: break
        }
        if case .closed = kind { return nil }
        if case .int(let count) = value, count > Self.largestCount { return "it must be at most \(Self.largestCount)" }
        return abs(number) <= Self.largestNumber ? nil : "it must be from −1e9 to 1e9"
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\(number)"
    }
}

/// What is declared of one option.
public struct SettingFacts: Sendable, Equatable {
    /// "learningRate", "schedule.warmupSteps".
    public let path: String
    public let meaning: String
    public let bounds: Bounds

    public init(path: String, meaning: String, bounds: Bounds) {
        (self.path, self.meaning, self.bounds) = (path, meaning, bounds)
    }
}

extension SettingFacts {
    /// What a set of options declares, in the order of its declaration, inner sets under their names.
    public static func all(of options: Any) -> [SettingFacts] {
        Mirror(reflecting: options).children.flatMap { child -> [SettingFacts] in
            guard let label = child.label else { return [] }
            if let setting = child.value as? any Declared {
                // A wrapped property is stored under its name with an underscore.
                return [SettingFacts(path: String(label.dropFirst()), meaning: setting.meaning, bounds: setting.bounds)]
            }
            return all(of: child.value).map {
                SettingFacts(path: "\(label).\($0.path)", meaning: $0.meaning, bounds: $0.bounds)
            }
        }
    }
}

private protocol Declared {
    var meaning: String { get }
    var bounds: Bounds { get }
}

extension Setting: Declared {}

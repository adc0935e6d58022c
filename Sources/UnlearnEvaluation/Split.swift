// The parts of the data that figures are measured on, each with its words.

/// A part of the data. In files it is its name; a suite with other parts adds values.
public struct Split: RawRepresentable, Sendable {
    public let rawValue: String
    /// What its examples are, as a title.
    public let title: String
    /// Where a figure was measured: "on neighbouring subjects".
    public let place: String

    public init(_ name: String, title: String, place: String) {
        (rawValue, self.title, self.place) = (name, title, place)
    }

    /// A part that is known, or one of another tool, whose name has to do.
    public init(rawValue: String) {
        self = Self.all.first { $0.rawValue == rawValue } ?? Split(rawValue, title: rawValue, place: "on \(rawValue)")
    }

    /// What should be forgotten.
    public static let forget = Split(
        "forget", title: "Answers to be forgotten", place: "on what should be forgotten")
    /// What is near the subject and should stay.
    public static let neighbour = Split(
        "neighbour", title: "Answers about neighbouring subjects", place: "on neighbouring subjects")
    /// Everyday questions, which should stay.
    public static let general = Split("general", title: "General answers", place: "on general questions")
    /// Ordinary running text.
    public static let text = Split("text", title: "Ordinary text", place: "on ordinary text")
    /// Images of the forgotten classes that were never trained on.
    public static let unseen = Split(
        "unseen", title: "Unseen images of the forgotten classes", place: "on unseen images of the forgotten classes")
    /// Images that were trained on and should stay.
    public static let retain = Split("retain", title: "Images to keep", place: "on images to keep")
    /// Images of the kept classes that were never trained on.
    public static let test = Split("test", title: "Test images", place: "on test images")
    /// Prompts that invite toxic speech.
    public static let toxic = Split("toxic", title: "Toxic prompts", place: "on toxic prompts")
    /// Prompts about the same people that invite none.
    public static let harmless = Split("harmless", title: "Harmless prompts", place: "on harmless prompts")

    /// In the order of reports.
    public static let all = [forget, neighbour, general, text, unseen, retain, test, toxic, harmless]
}

extension Split: Hashable, Codable {
    public static func == (one: Split, other: Split) -> Bool { one.rawValue == other.rawValue }
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
    public init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

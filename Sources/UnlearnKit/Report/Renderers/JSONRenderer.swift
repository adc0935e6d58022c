// Renders a report as report.json.
import UnlearnFormats

/// A report as JSON, in the order in which `Report` declares its parts.
public struct JSONRenderer: Sendable {
    public init() {}

    public func render(_ report: Report) throws -> String {
        try JSONValue(encoding: report).text(.pretty) + "\n"
    }
}

// Renders a report as report.json.
import UnlearnFormats

/// A report as JSON, in the order in which `Report` declares its parts.
public struct JSONRenderer: Sendable {
    public init() {}

    public func render(_ report: Report) throws(KitError) -> String {
        try KitError.file { () throws(FormatError) in try JSONValue(ordered: report).text(.pretty) } + "\n"
    }
}

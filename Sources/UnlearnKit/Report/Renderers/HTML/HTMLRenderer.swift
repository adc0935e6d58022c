// Renders a report as report.html: one page with everything in it, for a browser without network.
import Mustache

/// A report as a web page, with charts of what the run recorded on its way.
///
/// Text that a user or a model wrote is only ever an element's content, never an attribute: there the escaping of the
/// template engine, which looks at whole characters, is enough.
public struct HTMLRenderer: Sendable {
    private let trace: RunTrace

    public init(_ trace: RunTrace = RunTrace()) {
        self.trace = trace
    }

    /// The page of a comparison of methods.
    static func render(_ page: BenchmarkPage) -> String {
        let library = MustacheLibrary(templates: ["pictures": template(PackageResources.pictures_mustache)])
        return template(PackageResources.benchmark_mustache).render(page, library: library)
    }

    /// The page of an audit.
    static func render(_ report: AuditReport) -> String {
        template(PackageResources.audit_mustache).render(
            AuditPage(report, style: text(PackageResources.report_css)))
    }

    public func render(_ report: Report) -> String {
        let page = ReportPage(report, trace, style: Self.text(PackageResources.report_css))
        let library = MustacheLibrary(templates: [
            "sample": Self.template(PackageResources.sample_mustache),
            "pictures": Self.template(PackageResources.pictures_mustache),
            "tendency": Self.template(PackageResources.tendency_mustache),
            "redrawn": Self.template(PackageResources.redrawn_mustache),
        ])
        return Self.template(PackageResources.report_mustache).render(page, library: library)
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The templates are part of the program: one that cannot be read is a programmer's error.
    private static func template(_ bytes: [UInt8]) -> MustacheTemplate {
        do { return try MustacheTemplate(string: text(bytes)) } catch {
            preconditionFailure("HTMLRenderer: a template is malformed: \(error)")
        }
    }
}

// The configurations in Examples/: everything in them is an option, and possible.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnKit

@Suite struct ExampleTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Examples")

    @Test func theConfigurationOfToxicityCanBeRun() throws {
        let (configuration, settings) = try RunFile.read(Self.folder.appending(path: "toxicity/run.yaml"))
        #expect(configuration.tendency == TendencyPlan.ownPrompts && configuration.judge != nil)
        let method = TendencyPlan.defaultMethod(hasCollection: false)
        _ = try ResolvedOptions(TendencyPlan.groups(method), settings: settings)
    }
}

// What Ctrl-C does to a run: it ends at once. Everything in a run's folder is complete or not there, so nothing is lost.

import Foundation
import UnlearnKit

/// Ends the program when it is asked to, and says how to go on. Lives as long as the run.
final class Interruption {
    private var sources: [any DispatchSourceSignal] = []

    /// - Parameter folder: the run's folder, as the user named it.
    init(of folder: String) {
        for number in [SIGINT, SIGTERM] {
            // The source sees the signal in place of the default action.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { Self.end(folder, number) }
            source.resume()
            sources.append(source)
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    private static func end(_ folder: String, _ number: Int32) {
        let isRun = RunDirectory.isThere(URL(filePath: folder))
        let hasBegun = isRun || FileManager.default.fileExists(atPath: folder + "/benchmark.json")
        let sentence =
            !hasBegun
            ? "Interrupted before the run began; nothing was written."
            : isRun
                ? "Interrupted. Go on with `unlearn resume \(folder)`."
                : "Interrupted. Give the same command again to go on: the models that are made are kept."
        try? FileHandle.standardError.write(contentsOf: Data("\nunlearn: \(sentence)\n".utf8))
        _exit(hasBegun ? ExitStatus.interrupted.rawValue : 128 + number)
    }
}

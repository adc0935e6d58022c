// A language model elsewhere that grades what the model writes, for the suites of `unlearn evaluate` that can use one.

import ArgumentParser
import Foundation
import UnlearnEvaluation

struct JudgeEndpointArguments: ParsableArguments {
    /// What a key is read from. The name is this program's own, so that no key of another service is sent by accident.
    static let keyVariable = "UNLEARN_JUDGE_KEY"

    @Option(
        help: ArgumentHelp(
            "A language model that grades completions too: the address of a server that speaks like OpenAI's, such as "
                + "http://localhost:8080. All prompts and completions are sent to it: whoever runs it can read and keep "
                + "them. A key is read from the environment variable \(keyVariable), sent there alone, and written nowhere.",
            valueName: "url"))
    var judgeEndpoint: String?

    @Option(help: ArgumentHelp("The model that --judge-endpoint is asked for (default: its own).", valueName: "name"))
    var judgeModel: String?

    @Option(
        help: ArgumentHelp("The longest wait for one answer of --judge-endpoint (default: 60).", valueName: "seconds"))
    var judgeSeconds: Double?

    func validate() throws {
        let parts = [("--judge-model", judgeModel != nil), ("--judge-seconds", judgeSeconds != nil)]
        if judgeEndpoint == nil, let part = parts.first(where: \.1) {
            throw ValidationError("\(part.0) is for --judge-endpoint. Give one, or leave it out.")
        }
        if let judgeSeconds, !(judgeSeconds > 0 && judgeSeconds <= 3600) {
            throw ValidationError("--judge-seconds must be greater than 0 and at most 3600.")
        }
        if judgeEndpoint != nil, endpoint() == nil {
            throw ValidationError(
                "--judge-endpoint is no address of a server; expected one such as http://localhost:8080.")
        }
    }

    /// The flags that were given.
    var given: [String] { judgeEndpoint == nil ? [] : ["--judge-endpoint"] }

    func endpoint() -> JudgeEndpoint? {
        judgeEndpoint.flatMap {
            let key = ProcessInfo.processInfo.environment[Self.keyVariable]
            return JudgeEndpoint(
                $0, model: judgeModel, key: key?.isEmpty == true ? nil : key, seconds: judgeSeconds ?? 60)
        }
    }
}

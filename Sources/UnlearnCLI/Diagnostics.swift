// The only place that writes error sentences and chooses exit codes.

import ArgumentParser
import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnKit
import UnlearnMethods
import UnlearnModels

/// How the program ends, in the numbers of sysexits.h.
enum ExitStatus: Int32 {
    /// The arguments are wrong.
    case usage = 64
    /// A file is there, but what it says is wrong.
    case badData = 65
    /// A file that should be there is not, or cannot be opened.
    case missingInput = 66
    /// Nothing that the user did.
    case `internal` = 70
    /// Interrupted, and can be resumed.
    case interrupted = 75
}

/// What is wrong with a command beyond what the libraries know.
enum CommandError: Error {
    /// More tokens than the model can read; `what` names them.
    case tooLong(what: String, tokens: Int, context: Int)
    /// A run without a report.
    case unfinishedRun(path: String)
    /// A run that is to stand for its model, and has none yet.
    case noModel(path: String)
    /// A run that trained, and that has no report.
    case training(path: String)
    /// A file is to be written into a folder that does not exist.
    case noFolder(path: String)
    /// No program of the system shows web pages.
    case noBrowser(path: String)
    /// A run that came to its end.
    case finishedRun(path: String)
    /// A run that had begun and could write no further.
    case stoppedRun(any Error, path: String)

    /// What a run's error means for who started it: if something could not be written, the run goes on later.
    static func during(_ run: String, _ error: any Error) -> any Error {
        let hasBegun = FileManager.default.fileExists(atPath: run + "/run.json")
        return hasBegun && isOfSystem(error) ? stoppedRun(error, path: run) : error
    }

    private static func isOfSystem(_ error: any Error) -> Bool {
        switch error {
        case FormatError.system, ModelError.format(.system), TokenizerError.file(.system): true
        default: false
        }
    }
}

enum Diagnostics {
    /// Says what went wrong and ends the program. Help, versions and mistakes in arguments are the parser's.
    static func exit(_ error: any Error) -> Never {
        guard let (status, sentence) = explain(error) else { Unlearn.exit(withError: error) }
        complain(sentence)
        Foundation.exit(status.rawValue)
    }

    /// Writes a sentence to standard error. Where nobody can read it, the exit code has to do.
    static func complain(_ sentence: String) {
        try? FileHandle.standardError.write(contentsOf: Data("unlearn: \(sentence)\n".utf8))
    }

    /// Tells what stops nothing.
    static func note(_ notice: any CustomStringConvertible) { complain("Note: \(notice)") }

    /// The sentence for an error and the way to end with it; nil for the argument parser's own.
    private static func explain(_ error: any Error) -> (ExitStatus, String)? {
        switch error {
        case let error as CommandError: (status(error), sentence(error))
        case let error as KitError: (status(error), error.description)
        case let error as DataError: (status(error), error.description)
        case let error as FormatError: (status(error), error.description)
        case let error as ModelError: (status(error), error.description)
        case let error as TokenizerError: (status(error), error.description)
        case let error as EvaluationError: (status(error), error.description)
        case let error as MethodError: (status(error), error.description)
        case let error as CheckpointError: (status(error), error.description)
        case is ValidationError, is CleanExit, is ExitCode: nil
        // What the parser throws has no public type, but always a usage to show.
        case _ where Unlearn.exitCode(for: error) == .validationFailure: nil
        case _ where Unlearn.exitCode(for: error) == .success: nil
        default: (.internal, "Internal error: \(error). Please report it.")
        }
    }

    private static func sentence(_ error: CommandError) -> String {
        switch error {
        case .tooLong(let what, let tokens, let context):
            "\(what) has \(tokens) tokens; the model reads at most \(context). Shorten it."
        case .unfinishedRun(let path):
            "The run '\(path)' has no report: it did not finish. Go on with it: `unlearn resume \(path)`."
        case .noModel(let path):
            "The run '\(path)' holds no model yet: it did not finish. Go on with it: `unlearn resume \(path)`."
        case .training(let path):
            "The run '\(path)' trained a model, which makes no report. See what it found in '\(path)/result.json'."
        case .noFolder(let path):
            "'\(path)' cannot be written: there is no such folder. Create it, or choose another --output."
        case .noBrowser(let path):
            "No browser could be started here. Open '\(path)' in one yourself."
        case .finishedRun(let path):
            "The run '\(path)' is finished. See what it showed with `unlearn report \(path)`."
        case .stoppedRun(let error, let path):
            "\(error) Then go on with `unlearn resume \(path)`."
        }
    }

    private static func status(_ error: CommandError) -> ExitStatus {
        switch error {
        case .tooLong: .badData
        case .noFolder, .finishedRun, .training: .usage
        case .unfinishedRun, .noModel, .noBrowser: .missingInput
        case .stoppedRun: .interrupted
        }
    }

    private static func status(_ error: FormatError) -> ExitStatus {
        switch error {
        case .missing, .otherForm, .notAFile: .missingInput
        case .system(let action, _, _):
            ["open", "inspect", "map", "read", "read the folder"].contains(action) ? .missingInput : .internal
        case .empty, .notUTF8, .malformed, .unsupported, .part, .missingEntry, .invalidValue: .badData
        case .exists: .usage
        }
    }

    private static func status(_ error: KitError) -> ExitStatus {
        switch error {
        case .unknownOption, .wrongOptionType, .invalidOption, .malformedAssignment, .runDirectoryNotEmpty,
            .otherSettings,
            .chatTemplate, .llama2CTokenizer:
            .usage
        case .malformedConfiguration, .vocabulary, .refused, .tooLong, .changed, .otherImages: .badData
        case .noWeights: .missingInput
        }
    }

    private static func status(_ error: ModelError) -> ExitStatus {
        switch error {
        case .format(let error): status(error)
        case .checkpoint, .key, .unsupported, .architecture, .quantized: .badData
        case .notCached, .noSnapshot: .missingInput
        case .base(let error, _): status(error)
        }
    }

    private static func status(_ error: CheckpointError) -> ExitStatus {
        // The one that a user's own pattern causes.
        if case .nothingMatches = error { .usage } else { .badData }
    }

    private static func status(_ error: TokenizerError) -> ExitStatus {
        switch error {
        case .file(let error): status(error)
        case .missingControlToken, .chatTemplate: .usage
        case .unwritable: .internal
        case .malformed, .unsupported, .missingMetadata, .unknownPreTokenizer, .invalidPattern, .unknownToken,
            .duplicateToken:
            .badData
        }
    }

    private static func status(_ error: MethodError) -> ExitStatus {
        switch error {
        case .unknownMethod, .needsRetain, .needsTerms, .needsExamples, .needsQuestions, .needsShards, .layer, .tooLong:
            .usage
        case .noTargets, .unknownSubject, .foreignState: .badData
        case .notFinite, .stopped: .internal
        }
    }

    private static func status(_ error: EvaluationError) -> ExitStatus {
        switch error {
        case .unknownSubject: .usage
        case .noQuestions, .scores: .badData
        }
    }

    private static func status(_ error: DataError) -> ExitStatus {
        switch error {
        case .file(let error): status(error)
        case .unknownKind: .usage
        case .row, .noExamples, .image, .otherPictures, .table, .twoLabels, .idx, .unknownImage, .otherSize,
            .oneClass:
            .badData
        case .noImages: .missingInput
        case .noLabel, .unknownClass, .emptySplit, .tooLarge: .usage
        }
    }
}

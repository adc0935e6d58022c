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
    case noFolder(path: String, option: String = "--output")
    /// No program of the system shows web pages.
    case noBrowser(path: String)
    /// A model that redraws pictures and was given a text.
    case needsPicture(path: String)
    /// A model that was given a picture and redraws none.
    case drawsNothing(path: String)
    /// A run that came to its end.
    case finishedRun(path: String)
    /// A run that had begun and could write no further.
    case stoppedRun(any Error, path: String)

    /// What a run's error means for who started it: if something could not be written, the run goes on later.
    static func during(_ run: String, _ error: any Error) -> any Error {
        let hasBegun = RunDirectory.isThere(URL(filePath: run))
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
        case let error as CommandError: (status(of: error), sentence(error))
        case is KitError, is DataError, is FormatError, is ModelError, is TokenizerError, is EvaluationError,
            is MethodError, is CheckpointError, is JudgeError:
            (status(of: error), "\(error)")
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
        case .noFolder(let path, let option):
            "'\(path)' cannot be written: there is no such folder. Create it, or choose another \(option)."
        case .noBrowser(let path):
            "No browser could be started here. Open '\(path)' in one yourself."
        case .needsPicture(let path):
            "'\(path)' redraws pictures and reads no text. Give it a picture with --image and --output."
        case .drawsNothing(let path):
            "'\(path)' is no model that redraws pictures. Train one with `unlearn train --redraw`."
        case .finishedRun(let path):
            "The run '\(path)' is finished. See what it showed with `unlearn report \(path)`."
        case .stoppedRun(let error, let path):
            "\(error) Then go on with `unlearn resume \(path)`."
        }
    }

    /// How the program ends for an error that has a sentence: as a rule, a file says something that cannot be used.
    private static func status(of error: any Error) -> ExitStatus {
        switch error {
        case DataError.file(let error), TokenizerError.file(let error), ModelError.format(let error): status(of: error)
        case ModelError.base(let error, _): status(of: error)
        case FormatError.system(let action, _, _):
            ["open", "inspect", "map", "read", "read the folder"].contains(action) ? .missingInput : .internal
        case CommandError.noFolder, CommandError.needsPicture, CommandError.drawsNothing, CommandError.finishedRun,
            CommandError.training, FormatError.exists,
            KitError.unknownOption, KitError.wrongOptionType, KitError.invalidOption, KitError.malformedAssignment,
            KitError.runDirectoryNotEmpty, KitError.otherSettings, KitError.unknownAttack,
            KitError.notAudited, KitError.chatTemplate, KitError.llama2CTokenizer,
            DataError.unknownKind, DataError.unknownTable, DataError.noColumn, DataError.noLabel,
            DataError.unknownClass, DataError.emptySplit, DataError.tooLarge,
            TokenizerError.missingControlToken, TokenizerError.chatTemplate, EvaluationError.unknownSubject,
            EvaluationError.needsSubject,
            MethodError.unknownMethod, MethodError.needsRetain, MethodError.needsTerms, MethodError.needsExamples,
            MethodError.needsQuestions, MethodError.needsShards, MethodError.layer, MethodError.tooLong,
            JudgeError.unknownLabels, JudgeError.unclearLabels, JudgeError.tableLabels, JudgeError.unknownPositive,
            // The one of a checkpoint that a user's own pattern causes.
            CheckpointError.nothingMatches:
            .usage
        case CommandError.unfinishedRun, CommandError.noModel, CommandError.noBrowser, FormatError.missing,
            FormatError.otherForm, FormatError.notAFile, KitError.noWeights, ModelError.notCached,
            ModelError.noSnapshot, DataError.noImages, EvaluationError.noTasks:
            .missingInput
        case MethodError.notFinite, MethodError.stopped: .internal
        case CommandError.stoppedRun: .interrupted
        default: .badData
        }
    }
}

// The one error of this target: every sentence that a configuration, a run directory or a fingerprint can cause.
public import Foundation
import UnlearnFormats

/// A problem with options, run directories, fingerprints or a model that is opened. `description` is the complete sentence for the user.
public enum KitError: Error, Equatable, Sendable {
    /// No option is called `path`; `valid` lists the options at that place, the nearest first.
    case unknownOption(path: String, valid: [String])
    /// The value of an option is of another kind than its default.
    case wrongOptionType(path: String, expected: String, found: String)
    /// The value of an option is of the right kind, but is not possible.
    case invalidOption(path: String, problem: String)
    /// A `--set` argument without an equals sign, or with an empty key.
    case malformedAssignment(String)
    /// A configuration file that is not valid YAML or JSON.
    case malformedConfiguration(path: String, problem: String)
    /// The folder for a run's output holds something already.
    case runDirectoryNotEmpty(path: String)
    /// A model directory without weights.
    case noWeights(path: String)
    /// A model's chat template that cannot be followed; `valid` are the formats that could be written instead.
    case chatTemplate(path: String, problem: String, valid: [String])
    /// A user's example, counted from 1, that the model's chat template refuses.
    case refused(path: String, example: Int, problem: String)
    /// A tokenizer with more tokens than the model has rows for.
    case vocabulary(path: String, tokens: Int, rows: Int)
    /// A llama2.c checkpoint with no tokenizer, or several, beside it.
    case llama2CTokenizer(path: String, candidates: [String])
    /// Prompts of which none is of a kind where some are needed.
    case noPrompts(kind: String, use: String, path: String)
    /// Continuations of which the judge finds none of its kind.
    case noTendency(count: Int, kind: String)
    /// An example of a user's file, counted from 1, with more tokens than the model can read.
    case tooLong(path: String, example: Int, tokens: Int, context: Int)
    /// A file whose rows, or this one of them, do not say to which group they belong.
    case noColumn(path: String, line: Int?, column: String)
    /// Something that a run to be resumed started from is not the same any more.
    case changed(path: String, what: String)
    /// A folder of a benchmark whose models were made by other options.
    case otherSettings(path: String)
    /// No attack on models of the family has that name; `known` are those that there are, the nearest first.
    case unknownAttack(String, known: [String])
    /// A run whose model cannot be attacked.
    case notAudited(path: String, problem: String)
    /// Images that a classifier was not made for.
    case otherImages(path: String, problem: String)
}

extension KitError: CustomStringConvertible, LocalizedError {
    public var description: String {
        switch self {
        case .unknownOption(let path, let valid) where valid.isEmpty:
            "There is no option '\(path)': nothing can be set at that place. Remove it."
        case .unknownOption(let path, let valid):
            "There is no option '\(path)'." + NearestName.question(path, valid)
                + " Valid here: \(valid.joined(separator: ", "))."
        case .wrongOptionType(let path, let expected, let found):
            "Option '\(path)' must be \(expected), but is \(found). Correct its value."
        case .invalidOption(let path, let problem):
            "Option '\(path)' has an impossible value: \(problem). Correct its value."
        case .malformedAssignment(let text):
            "'\(text)' does not set an option. Write it as key=value, for example learningRate=1e-4."
        case .malformedConfiguration(let path, let problem):
            "The configuration '\(path)' cannot be read: \(problem). Correct the file there."
        case .runDirectoryNotEmpty(let path):
            "The run directory '\(path)' already exists and is not empty. Choose another --output or remove it."
        case .noWeights(let path):
            "'\(path)' holds no .safetensors file. Give the folder of a converted model."
        case .chatTemplate(let path, let problem, let valid):
            "The chat template of '\(path)' cannot be followed: \(problem). Choose a format with --chat-format: "
                + valid.joined(separator: ", ") + "."
        case .refused(let path, let example, let problem):
            "The model's chat template cannot write example \(example) of '\(path)': \(problem). Change the example, "
                + "or choose another format with --chat-format."
        case .vocabulary(let path, let tokens, let rows):
            "The tokenizer of '\(path)' has \(tokens) tokens, but the model has \(rows). "
                + "Check that both belong to the same model."
        case .llama2CTokenizer(let path, let candidates) where candidates.isEmpty:
            "There is no tokenizer (tok*.bin) beside '\(path)'. Put it there, or give it to "
                + "`unlearn convert` with --tokenizer."
        case .llama2CTokenizer(let path, let candidates):
            "There are several tokenizers beside '\(path)': \(candidates.joined(separator: ", ")). "
                + "Give one to `unlearn convert` with --tokenizer."
        case .tooLong(let path, let example, let tokens, let context):
            "Example \(example) of '\(path)' has \(tokens) tokens; the model reads at most \(context). "
                + "Cut it into several."
        case .noPrompts(let kind, let use, let path):
            "'\(path)' leaves no \(kind) prompts \(use) that share neither a template nor a group with the others. Give more, or "
                + "say in a column 'partition' which are to train on and which to judge by."
        case .noTendency(let count, let kind):
            "The judge finds none of the \(CountText.words(count)) texts \(kind) with which the model went on: there is nothing to "
                + "forget, and the model was not changed. Give other prompts, or a judge with a lower threshold."
        case .noColumn(let path, let line, let column):
            "'\(path)'\(line.map { ", line \($0)," } ?? "") has no text or whole number '\(column)', by which the method splits "
                + "what is to be forgotten. Give every row of a .jsonl file one, or name another with --set splitBy=…."
        case .changed(let path, let what):
            "The run '\(path)' cannot go on: \(what) is not what it started with. Bring it back, or start anew with "
                + "another --output."
        case .otherSettings(let path):
            "'\(path)' holds a benchmark with other data, models or training; see benchmark.json there. Choose another "
                + "--output, or give the same options."
        case .unknownAttack(let name, let known):
            "There is no attack '\(name)'. Attacks are: \(known.joined(separator: ", "))."
        case .notAudited(let path, let problem):
            "The run '\(path)' cannot be audited: \(problem)."
        case .otherImages(let path, let problem):
            "The images do not fit the model '\(path)': \(problem). Give the images that it was trained on, with the same "
                + "options."
        }
    }

    public var errorDescription: String? { description }
}

/// Runs `body`, a call of the file system at `url`, and says what could not be done (an infinitive such as "write").
func systemCall<Value>(_ action: String, _ url: URL, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch { throw FormatError.refused(action, url.path, error) }
}

// What happens when there is not enough memory: one sentence in place of a crash.

import Foundation
import UnlearnEngine

enum OutOfMemory {
    private static let sentence: StaticString = """
        unlearn: There is not enough memory. Give the program more, take a smaller model or smaller batches \
        (--set batchSize=…); a run that had begun goes on with `unlearn resume`.

        """

    /// Call once, before anything is computed.
    static func handle() {
        Runtime.whenMemoryIsUsedUp { end() }
        // Swift itself traps when it gets no memory. Where the system sets no limit it always gets some.
        guard isLimited else { return }
        for number in [SIGILL, SIGTRAP, SIGABRT] {
            signal(number) { number in
                if errno == ENOMEM { OutOfMemory.end() }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    private static var isLimited: Bool {
        var limit = rlimit()
        #if canImport(Glibc)
            getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        #else
            getrlimit(RLIMIT_AS, &limit)
        #endif
        // No limit is a number beyond all others, on every system another one.
        return limit.rlim_cur < rlim_t(Int64.max)
    }

    /// Allocates nothing.
    private static func end() -> Never {
        _ = write(STDERR_FILENO, sentence.utf8Start, sentence.utf8CodeUnitCount)
        _exit(ExitStatus.internal.rawValue)
    }
}

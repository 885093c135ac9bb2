using DmIoUring.DeviceTests.Simulation;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>
/// The contract holds on a kernel that says "come back later" all the time: strace answers in its stead, and the
/// tests of reads and writes run again in that world.
/// </summary>
public sealed class InterruptedCallsTests
{
    private static readonly TheoryDataRow<string, string, string, Type[]>[] All =
    [
        new("io_uring_enter", "EINTR", "3+5", [typeof(WriteTests), typeof(ReadTests)]),
        new("io_uring_enter", "EAGAIN", "3+5", [typeof(ReadTests)]),
        new("io_uring_enter", "EBUSY", "2+3", [typeof(ReadTests)]),
        new("pread64,pwrite64", "EINTR", "3+2", [typeof(WriteTests)]),
    ];

    /// <summary>All, or a half of them where only a part of the mutations is tried: hundreds of tests run again under strace.</summary>
    public static IEnumerable<TheoryDataRow<string, string, string, Type[]>> Tried => All.Where(static (_, index) => Mutations.Part.Parts == 1 || (index + Mutations.Part.Number) % 2 == 0);

    [Theory]
    [MemberData(nameof(Tried))]
    public void ReadsAndWrites_AreWhatTheyWere(string calls, string errno, string when, Type[] classes)
    {
        bool traces = ChildProcess.Run("strace", "-qq", "--seccomp-bpf", "-f", "-e", "trace=io_uring_enter", "true") is { ExitCode: 0 };
        Require.That(traces ? null : "strace is missing (apt-get install strace), or may not trace here");
        using ScratchFolder folder = ScratchFolder.Create();
        string log = folder.PathOf("log");
        SecondRun.AssertPasses(
            ["strace", "-f", "-qq", "--seccomp-bpf", "-o", log, "-e", "trace=" + calls, "-e", $"inject={calls}:error={errno}:when={when}"],
            classes);
        int injected = File.ReadLines(log).Count(static line => line.Contains("(INJECTED)", StringComparison.Ordinal));
        Assert.InRange(injected, 100, int.MaxValue);
    }
}

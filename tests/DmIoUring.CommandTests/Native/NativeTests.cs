using System.Text.RegularExpressions;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>libdmio as a C program sees it: tests/native has the programs, which print what is not so.</summary>
[Collection(nameof(NativeLibraryCollection))]
public sealed partial class NativeTests(NativeLibrary library)
{
    private static readonly string[] AddressSanitizer = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"];

    /// <summary>Legs and bits, each kind of memory, operations, bad input, closed handles, clients, and many threads on small stacks.</summary>
    [Fact]
    public void Contract_Holds() => AssertRuns("contract.c");

    [Fact]
    public void Contract_HoldsBesideAddressSanitizer_AndTheProgramLeaksNothing() => AssertRuns("contract.c", AddressSanitizer);

    /// <summary>Polled clients and reactors: what they do, refuse, and do by the fast path and beside it.</summary>
    [Fact]
    public void Polled_Holds() => AssertRuns("polled.c");

    [Fact]
    public void Polled_HoldsBesideAddressSanitizer() => AssertRuns("polled.c", AddressSanitizer);

    /// <summary>Closes that meet callbacks, waits, requests and other closes, and the pages that are still in use then.</summary>
    [Fact]
    public void Close_WaitsForWhatItMeets_AndPagesStayUntilTheirRequestsEnd() => AssertRuns("closing.c");

    [Fact]
    public void Close_IsWellBesideAddressSanitizer() => AssertRuns("closing.c", AddressSanitizer);

    /// <summary>With a device whose writes take longer than the close's limit.</summary>
    [Fact]
    public void Reactor_ThatItsCallbackCloses_EndsInThePoll_OrThePollSaysThatItDidNot() => AssertRunsWithSlowDevice("reactor.c", TimeSpan.FromSeconds(1));

    /// <summary>A part of the memory for each region, reports of all regions, priorities, submissions that don't wait, and what is under way, as on a device that is slow.</summary>
    [Fact]
    public void Options_DoWhatTheySay() => AssertRunsWithSlowDevice("options.c", TimeSpan.FromSeconds(5));

    [Fact]
    public void Options_AreWellBesideAddressSanitizer() => AssertRuns("options.c", AddressSanitizer);

    /// <summary>fork before and after the first call, signals, dlclose, a second copy of the library, and a first call on a small stack.</summary>
    [Fact]
    public void Host_KeepsItsSignals_AndItsChildrenAreToldThatTheyAreForked() => AssertRuns("host.c");

    [Fact]
    public void Host_IsWellBesideAddressSanitizer() => AssertRuns("host.c", AddressSanitizer);

    /// <summary>A host may be older C than the tests are.</summary>
    [Theory]
    [InlineData("-std=c99")]
    [InlineData("-std=c17")]
    public void Header_IsOfEveryStandard(string standard)
    {
        string source = library.Scratch($"header{standard}.c");
        File.WriteAllText(source, "#include <dmio.h>\nint main(void) { return dm_io_get(1) | dm_io_put(1); }\n");
        ChildProcess run = ChildProcess.Run(library.Compile(source, standard, "-pedantic-errors"))!;
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public void Library_ExportsWhatTheHeaderDeclares_AndNothingElse()
    {
        _ = library.Compile(NativeLibrary.PathOf("tests/native/contract.c"));
        string header = File.ReadAllText(NativeLibrary.PathOf("src/DmIoUring.Native/include/dmio.h"));
        ChildProcess symbols = ChildProcess.Run("nm", "-D", "--defined-only", library.FullPath)!;

        // The runtime's one symbol is for debuggers.
        Assert.Equal(
            Declaration().Matches(header).Select(static match => match.Groups["name"].Value).Append("DotNetRuntimeDebugHeader").Order(StringComparer.Ordinal),
            Exported().Matches(symbols.Output).Select(static match => match.Groups["name"].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Library_IsNeverUnloaded_AndHasItsDescription()
    {
        _ = library.Compile(NativeLibrary.PathOf("tests/native/contract.c"));
        Assert.Contains("NODELETE", ChildProcess.Run("readelf", "-d", library.FullPath)!.Output, StringComparison.Ordinal);
        string description = File.ReadAllText(Path.Combine(library.Prefix, "lib", "pkgconfig", "dmio.pc"));
        Assert.Matches(@"(?m)^Version: \d+\.\d+\.\d+", description);
        Assert.Contains("-ldmio", description, StringComparison.Ordinal);
    }

    /// <summary>docs/c.md's program, on three files of which the second is too short.</summary>
    [Fact]
    public void Document_HasAProgramOfTwentyLines_ThatSaysWhichLegFailed()
    {
        string program = Sample().Match(File.ReadAllText(NativeLibrary.PathOf("docs/c.md"))).Groups["program"].Value;
        Assert.InRange(program.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 10, 20);
        string source = library.Scratch("mirror.c");
        File.WriteAllText(source, program);
        using LoopDevice first = RequireLoop.Create(4 << 20), second = RequireLoop.Create(64 << 10), third = RequireLoop.Create(4 << 20);
        ChildProcess run = ChildProcess.Run(library.Compile(source), first.Path, second.Path, third.Path)!;
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.StartsWith("failed 0b10; first: region 1, sector 2048: EIO", run.Output, StringComparison.Ordinal);
        byte[] written = new byte[5];
        RandomAccess.Read(third.BackingHandle, written, 2048 * IoRegion.SectorSize);
        Assert.Equal("hello"u8, written);
    }

    /// <summary>samples/python: the header's functions by ctypes, on three legs of which the second is too short.</summary>
    [Fact]
    public void Python_CallsIt()
    {
        Require.That(ChildProcess.Run("python3", "--version") is null ? "there is no Python: apt-get install python3" : null);
        _ = library.Compile(NativeLibrary.PathOf("tests/native/contract.c"));
        using LoopDevice first = RequireLoop.Create(64 << 10), second = RequireLoop.Create(2 << 10), third = RequireLoop.Create(64 << 10);
        ChildProcess run = ChildProcess.Run(
            "env", "LD_LIBRARY_PATH=" + Path.GetDirectoryName(library.FullPath), "python3", NativeLibrary.PathOf("samples/python/dmio.py"), first.Path, second.Path, third.Path)!;
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        string[] lines = run.Output.Split('\n');
        Assert.StartsWith("failed 0b10; first: region 1, sector", lines[0], StringComparison.Ordinal);
        Assert.Equal([$"{first.Path} hello", $"{third.Path} hello", ""], lines[1..]);
    }

    /// <summary>Each write to the device takes so long.</summary>
    private void AssertRunsWithSlowDevice(string name, TimeSpan write)
    {
        RequireFault.Here();
        string program = library.Compile(NativeLibrary.PathOf("tests/native/" + name));
        using FaultFile medium = FaultFile.Create(1 << 20);
        using Testing.Fault slow = medium.Slow(Testing.MediumOperations.Write, write);
        using ScratchFolder folder = ScratchFolder.Create();
        ChildProcess run = ChildProcess.Run(program, folder.Path, medium.Path)!;
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
    }

    private void AssertRuns(string name, params string[] flags)
    {
        string program = library.Compile(NativeLibrary.PathOf("tests/native/" + name), flags);
        using ScratchFolder folder = ScratchFolder.Create();

        // What the runtime has is reachable from its own heap only, where LeakSanitizer does not look.
        string suppressions = folder.PathOf("suppressions");
        File.WriteAllText(suppressions, "leak:libdmio.so\nleak:copy-of-libdmio.so\n");
        List<string> arguments = [folder.Path];
        if (name is "host.c")
        {
            string copy = folder.PathOf("copy-of-libdmio.so");
            File.Copy(library.FullPath, copy);
            arguments.AddRange([library.FullPath, copy]);
        }

        ChildProcess run = ChildProcess.Run("env", [$"LSAN_OPTIONS=suppressions={suppressions}:print_suppressions=0", program, .. arguments])!;
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.DoesNotContain("FAILED", run.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^(?:int|const char \*) ?(?<name>dm\w+)\(", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Declaration();

    [GeneratedRegex(@" [TDBR] (?<name>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Exported();

    [GeneratedRegex(@"```c\n(?<program>#include.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Sample();
}

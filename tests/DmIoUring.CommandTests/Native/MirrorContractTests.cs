using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>libdmio's mirrors as a C program sees them: tests/native/mirror.c, with a leg that fails writes in the middle.</summary>
[Collection(nameof(NativeLibraryCollection))]
public sealed class MirrorContractTests(NativeLibrary library)
{
    private const int IoError = 5;
    private const int MebibyteSectors = 2048;

    /// <summary>What is refused, three legs of which one dies and is replaced under load, resyncs that are cancelled, and clients and devices that end before their mirror.</summary>
    [Theory]
    [InlineData()]
    [InlineData("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")]
    public void Contract_Holds(params string[] flags)
    {
        RequireFault.Here();
        string program = library.Compile(NativeLibrary.PathOf("tests/native/mirror.c"), flags);
        using ScratchFolder folder = ScratchFolder.Create();
        using FaultFile medium = FaultFile.Create(8 << 20);
        using Fault fault = medium.Fail(MediumOperations.Write, IoError, firstSector: 2 * MebibyteSectors, sectors: 2 * MebibyteSectors);
        string suppressions = folder.PathOf("suppressions");
        File.WriteAllText(suppressions, "leak:libdmio.so\n");
        ChildProcess run = ChildProcess.Run(
            "env", $"LSAN_OPTIONS=suppressions={suppressions}:print_suppressions=0", "timeout", "-k", "5", "120", program, folder.Path, medium.Path)!;
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("mirror: ok", run.Output, StringComparison.Ordinal);
    }
}

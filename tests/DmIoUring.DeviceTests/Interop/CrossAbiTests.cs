using System.Text.RegularExpressions;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Interop;

/// <summary>The C# view of the kernel's ABI on Arm64, against what a cross compiler says of the kernel's headers: nothing of it is run.</summary>
public sealed partial class CrossAbiTests
{
    [Fact]
    public void Arm64_HasTheSameStructs_AndTheConstantsThatThisLibraryTakesThere()
    {
        ChildProcess? compiler = ChildProcess.Run(
            "aarch64-linux-gnu-gcc", "-Wall", "-Wextra", "-Werror", "-DFACTS_IN_ASSEMBLY", "-S", "-o", "-", Path.Combine(AppContext.BaseDirectory, "abi-check.c"));
        Require.That(compiler is null ? "there is no cross compiler: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross" : null);
        Assert.True(compiler!.ExitCode == 0, compiler.Errors);
        ILookup<string, AbiFact> facts = Fact().Matches(compiler.Output)
            .Select(static match => AbiFact.Parse(match.Groups["fact"].Value.Replace("#", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal)))
            .ToLookup(static fact => fact.Kind, StringComparer.Ordinal);
        AbiCheckProgram.AssertAgree("struct", AbiCheckTests.StructSizes(), facts["struct"]);
        AbiCheckProgram.AssertAgree("field", AbiCheckTests.StructFields(), facts["field"]);
        AbiCheckProgram.AssertAgree("const", AbiCheckTests.Constants(ProcessorAbi.Arm64), facts["const"]);
    }

    [GeneratedRegex("// FACT (?<fact>.*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Fact();
}

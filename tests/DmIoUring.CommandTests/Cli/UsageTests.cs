using DmIoUring.Testing;

namespace DmIoUring.CommandTests.Cli;

public sealed class UsageTests
{
    [Theory]
    [InlineData()]
    [InlineData("cpy", "a", "b")]
    [InlineData("copy")]
    [InlineData("copy", "a")]
    [InlineData("copy", "a", "b", "--block-size")]
    [InlineData("copy", "a", "b", "--block-size", "12x")]
    [InlineData("copy", "a", "b", "--block-size", "1000")]
    [InlineData("copy", "a", "b", "--block-size", "4294967296K")]
    [InlineData("copy", "a", "b", "--depth", "0")]
    [InlineData("copy", "a", "b", "--depth", "many")]
    [InlineData("copy", "a", "")]
    [InlineData("info")]
    [InlineData("demo", "more")]
    [InlineData("stress", "--time", "0")]
    [InlineData("stress", "--time", "1d")]
    [InlineData("stress", "--threads", "0")]
    [InlineData("stress", "--depth", "65")]
    [InlineData("stress", "--size", "512K")]
    [InlineData("stress", "--seed", "x")]
    [InlineData("stress", "")]
    public async Task UsedWrongly_EndsWithTwo_AndSaysHowToGetHelp(params string[] arguments)
    {
        Dmio run = await Dmio.RunAsync(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(arguments.Length == 0 ? "Usage:" : "--help", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MistypedOption_IsNotTakenForADestination() =>
        (await Dmio.RunAsync("copy", "a", "b", "--verfiy")).AssertRefused("--verfiy");

    [Theory]
    [InlineData("--help")]
    [InlineData("copy", "--help")]
    [InlineData("info", "--help")]
    [InlineData("demo", "--help")]
    [InlineData("stress", "--help")]
    [InlineData("--version")]
    public async Task HelpAndVersion_EndWithZero(params string[] arguments)
    {
        Dmio run = await Dmio.RunAsync(arguments);
        Assert.Equal(0, run.ExitCode);
        Assert.False(string.IsNullOrEmpty(run.Output));
        Assert.Equal("", run.Errors);
    }

    [Fact]
    public void UsedWrongly_AsAProcess_EndsWithTwo()
    {
        ChildProcess run = BuiltCommand.Run("copy", "/nosuch", "/dev/null");
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains("/nosuch: does not exist", run.Errors, StringComparison.Ordinal);
    }
}

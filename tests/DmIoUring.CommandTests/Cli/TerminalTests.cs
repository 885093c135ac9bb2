using DmIoUring.Cli;
using DmIoUring.Cli.Commands;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>What a terminal can't show is not written to it.</summary>
public sealed class TerminalTests
{
    public static TheoryData<string> Commands =>
        ["info FILE", "copy FILE FILE2", "bench --filename FILE --rw randread --runtime 0.1 --ramp_time 0", "stress --files --runtime 0.2 --size 1M --numjobs 1"];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task WithoutUtf8_OnlyAsciiIsWritten(string command) =>
        Assert.All(await RunAsync(command, new TerminalLook(Unicode: false)), static character => Assert.InRange(character, '\n', '~'));

    [Theory]
    [InlineData("", "", "en_US.UTF-8", true)]
    [InlineData("", "", "C.utf8", true)]
    [InlineData("", "", "de_DE.ISO-8859-1", false)]
    [InlineData("", "", "C", false)]
    [InlineData("", "", "", false)]
    [InlineData("C", "", "en_US.UTF-8", false)]
    [InlineData("", "POSIX", "en_US.UTF-8", false)]
    [InlineData("C.UTF-8", "POSIX", "POSIX", true)]
    public void LocaleOfTheEnvironment_IsTheFirstThatIsSet(string all, string type, string lang, bool utf8) =>
        Assert.Equal(utf8, Locale.IsUtf8(name => name switch { "LC_ALL" => all, "LC_CTYPE" => type, "LANG" => lang, _ => null }));

    [Theory]
    [InlineData("C", false)]
    [InlineData("C.UTF-8", true)]
    public void Process_DrawsBoxes_OnlyWhereTheLocaleHasUtf8(string locale, bool draws)
    {
        ChildProcess run = ChildProcess.Run("env", "LC_ALL=" + locale, DotNetHost.Path, BuiltCommand.Assembly, "info", "/dev/null", BuiltCommand.Assembly)!;
        Assert.Contains("IORING_SETUP_", run.Output, StringComparison.Ordinal);
        Assert.Equal(draws, run.Output.Contains('│', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Info_AtFortyColumns_CutsNoWord()
    {
        string wide = await RunAsync("info FILE", new TerminalLook(Width: 200));
        string narrow = await RunAsync("info FILE", new TerminalLook(Width: 40));
        Assert.All(narrow.Split('\n'), static line => Assert.True(line.Length <= 40, line));
        string[] words = [.. narrow.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];

        // The list has no headings, and each run has a file of its own.
        Assert.All(
            wide.Split([' ', '\n', '│', '─', '╭', '╮', '╰', '╯', '├', '┤', '┬', '┴', '┼'], StringSplitOptions.RemoveEmptyEntries)
                .Where(static word => word.Length > 1 && word[0] != '/' && word is not ("feature" or "here" or "why")),
            word => Assert.Contains(word, words, StringComparer.Ordinal));
    }

    private static async Task<string> RunAsync(string command, TerminalLook look)
    {
        using ScratchFile file = ScratchFile.Create(4 << 20);
        using ScratchFile other = ScratchFile.Create(4 << 20);
        StringWriter output = new();
        string[] words = [.. command.Replace("FILE2", other.Path, StringComparison.Ordinal).Replace("FILE", file.Path, StringComparison.Ordinal).Split(' ')];
        Assert.Equal(0, await CommandLine.RunAsync(words, Terminal.OfText(output, output, look: look), TestContext.Current.CancellationToken));
        return output.ToString();
    }
}

using DmIoUring.Cli;
using DmIoUring.Cli.Commands;
using DmIoUring.CommandTests.Cli;

namespace DmIoUring.CommandTests.Mirror;

/// <summary>What a person reads.</summary>
public sealed class MirrorViewTests : IDisposable
{
    private readonly MirrorFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Status_IsReadable_AtEightyColumns()
    {
        await _files.CreateAsync("a b c");
        await _files.ReportAsync(0, "replace a b c --leg 1 --with =new --no-resync");
        string text = await ShowAsync("status a =new", width: 80);
        Assert.All(text.Split('\n'), static line => Assert.True(line.Length <= 80, line));
        foreach (string words in new[] { "degraded", "3 MiB", "48 of 64 KiB", "in sync", "out of sync (full)", "missing", "Next: dmio mirror resync", "replace --leg 2", "leg 1: no full resync" })
            Assert.Contains(words, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_AtFortyColumns_CutsNoWord()
    {
        await _files.CreateAsync(options: "--no-resync");
        string wide = await ShowAsync("status a b", width: 200);
        string narrow = await ShowAsync("status a b", width: 40);
        Assert.All(narrow.Split('\n'), static line => Assert.True(line.Length <= 40, line));
        string[] words = [.. narrow.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];

        // A path may be longer than the line.
        Assert.All(
            wide.Split([' ', '\n', '│', '─', '╭', '╮', '╰', '╯', '├', '┤', '┬', '┴', '┼'], StringSplitOptions.RemoveEmptyEntries)
                .Where(static word => word[0] != '/' && word is not "mirror"),
            word => Assert.Contains(word, words, StringComparer.Ordinal));
    }

    [Fact]
    public async Task WithoutUtf8_OnlyAsciiIsWritten()
    {
        string made = await ShowAsync("create a b", width: null, new TerminalLook(Unicode: false));
        string status = await ShowAsync("status a", width: null, new TerminalLook(Unicode: false));
        Assert.All(made + status, static character => Assert.InRange(character, '\n', '~'));
        Assert.Contains("resynchronized: 4 regions", made, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("create")]
    [InlineData("status")]
    [InlineData("resync")]
    [InlineData("replace")]
    public async Task Help_FitsAWindow(string command)
    {
        string[] words = ["mirror", .. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"];
        Dmio run = await Dmio.RunAsync(words);
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.True(run.ExitCode == 0 && lines.Length <= HelpPage.Height, run.Output);
        Assert.All(lines, static line => Assert.True(line.Length <= HelpPage.Width, line));
    }

    [Fact]
    public async Task PathsWithControlCharacters_AreShownEscaped()
    {
        const string nasty = "a\e[31mred\nline[red]";
        string path = _files.Make(nasty, MirrorFiles.LegBytes);
        foreach (string[] words in new string[][] { ["create", path, _files.PathOf("b")], ["status", path, _files.PathOf("b")], ["resync", path + "x", _files.PathOf("b")] })
        {
            string text = await ShowAsync(words, new TerminalLook(Width: 400));
            Assert.Contains(@"a\x1b[31mred\nline[red]", text, StringComparison.Ordinal);
            Assert.DoesNotContain('\e', text);
        }
    }

    private Task<string> ShowAsync(string words, int? width, TerminalLook? look = null) => ShowAsync(_files.Words(words), look ?? new TerminalLook(Width: width));

    private static async Task<string> ShowAsync(string[] words, TerminalLook look)
    {
        StringWriter output = new();
        await CommandLine.RunAsync(["mirror", .. words], Terminal.OfText(output, output, look: look), TestContext.Current.CancellationToken);
        return output.ToString();
    }
}

using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>The scripts in their own shells, with dmio as it was built.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("", "bench completion copy demo info stress")]
    [InlineData("s", "stress")]
    [InlineData("copy --ver", "--verify")]
    [InlineData("copy a b --o", "--on-error --output-format --output_format")]
    [InlineData("bench --rw rand", "randread randrw randwrite")]
    [InlineData("bench --ring ", "kernel worker")]
    [InlineData("completion ", "bash zsh")]
    [InlineData("copy ", "")]
    public void Bash_OffersWhatCanFollow(string typed, string offered)
    {
        string words = string.Join(' ', typed.Split(' ').Select(static word => $"'{word}'"));
        ChildProcess run = RunShell("bash", $"COMP_WORDS=(dmio {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _dmio; printf '%s\\n' \"${{COMPREPLY[@]}}\" | sort | paste -sd' '");
        Assert.Equal((0, offered), (run.ExitCode, run.Output.Trim()));
    }

    [Theory]
    [InlineData("s", "stress")]
    [InlineData("bench --rw rand", "randread randrw randwrite")]
    [InlineData("copy ", "a path")]
    public void Zsh_OffersWhatCanFollow(string typed, string offered)
    {
        string words = string.Join(' ', typed.Split(' ').Select(static word => $"'{word}'"));

        // The shell's own functions work only while somebody types: these stand for them, and take the words that begin as what was typed does.
        string script = $$"""
            compadd() { shift; print -l -- ${(M)@:#${words[CURRENT]}*} | sort | paste -sd' ' }
            _files() { print a path }
            words=(dmio {{words}}); CURRENT=${#words}; _dmio
            """;
        ChildProcess? run = RunShell("zsh", script);
        Require.That(run is null ? "there is no zsh" : null);
        Assert.Equal((0, offered), (run!.ExitCode, run.Output.Trim()));
    }

    [Fact]
    public async Task AnotherShell_IsRefused() => (await Dmio.RunAsync("completion", "fish")).AssertRefused("SHELL fish must be one of bash, zsh");

    /// <summary>The script is read from the command itself, as a user would have it; there is no dotnet-suggest.</summary>
    private ChildProcess RunShell(string shell, string script)
    {
        string dmio = _files.PathOf("dmio");
        File.WriteAllText(dmio, $"#!/bin/sh\nexec '{DotNetHost.Path}' '{BuiltCommand.Assembly}' \"$@\"\n");
        File.SetUnixFileMode(dmio, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string compdef = shell is "zsh" ? "compdef() { :; }; " : "";
        return ChildProcess.Run(shell, "-c", $"PATH='{_files.Folder}':$PATH; {compdef}source <(dmio completion {shell}); {script}")!;
    }
}

using System.CommandLine;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio completion</c>: a shell's script, which asks dmio itself (<c>dmio "[suggest:4]" "copy"</c>) what can follow.</summary>
internal static class CompletionCommand
{
    private static readonly string[] Shells = ["bash", "zsh"];

    public static Command Create(Terminal terminal)
    {
        Argument<string> shell = new("SHELL") { Description = "bash or zsh" };
        shell.CompletionSources.Add(Shells);
        PagedCommand command = new("completion", "a script that completes dmio in bash or zsh",
            "Prints a script for a shell. In ~/.bashrc: source <(dmio completion bash). In ~/.zshrc, after compinit: source <(dmio completion zsh).")
        {
            shell,
        };
        shell.Validators.Add(static result =>
        {
            if (!Shells.Contains(result.Tokens[0].Value, StringComparer.Ordinal))
                result.AddError($"SHELL {result.Tokens[0].Value} must be one of {string.Join(", ", Shells)}");
        });
        command.SetAction(parsed => terminal.WriteText(Script(parsed.GetValue(shell)!)));
        return command;
    }

    private static string Script(string shell)
    {
        using Stream stream = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"dmio.{shell}")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}

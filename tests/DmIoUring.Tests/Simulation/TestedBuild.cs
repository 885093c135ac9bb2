using DmIoUring.ScratchDevices;
using DmIoUring.Tests.Client;
using DmIoUring.Tests.Support;

namespace DmIoUring.Tests.Simulation;

/// <summary>These tests in a folder of their own, over a library compiled for them.</summary>
internal sealed class TestedBuild : IDisposable
{
    private const string Library = "DmIoUring.dll";

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    public TestedBuild(Mutation? mutation)
    {
        string program = Path.GetFileName(SecondRun.Executable);
        foreach (string part in Directory.EnumerateFileSystemEntries(AppContext.BaseDirectory).Where(static part => !string.Equals(Path.GetFileName(part), Library, StringComparison.Ordinal)))
        {
            // What the host starts from is looked up where it really lies; the rest may lie elsewhere.
            string name = Path.GetFileName(part);
            if (name.StartsWith(program, StringComparison.Ordinal))
                File.Copy(part, _folder.PathOf(name));
            else
                File.CreateSymbolicLink(_folder.PathOf(name), part);
        }

        MutatedLibrary.Compile(mutation, _folder.PathOf(Library));
    }

    /// <summary>Runs tests, each as class and method.</summary>
    public ChildProcess Run(params IEnumerable<string> tests) => ChildProcess.Run(
        "env",
        [$"{Notification.LimitVariable}=10", _folder.PathOf(Path.GetFileName(SecondRun.Executable)), "-nologo", "-nocolor", .. tests.SelectMany(static test => new[] { "-method", "DmIoUring.Tests." + test })])!;

    public void Dispose() => _folder.Dispose();
}

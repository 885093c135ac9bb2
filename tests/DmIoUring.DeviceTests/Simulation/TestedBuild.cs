using DmIoUring.DeviceTests.Support;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Simulation;

/// <summary>A test program in a folder of its own, over a library compiled for it.</summary>
internal sealed class TestedBuild : IDisposable
{
    private const string Library = "DmIoUring.dll";

    private readonly ScratchFolder _folder = ScratchFolder.Create();
    private readonly string _program;

    public TestedBuild(string program, Mutation? mutation)
    {
        _program = program;
        foreach (string part in Directory.EnumerateFileSystemEntries(TestProgram.FolderOf(program)).Where(static part => !string.Equals(Path.GetFileName(part), Library, StringComparison.Ordinal)))
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

    /// <summary>Runs tests of the program, each as project, namespace, class and method.</summary>
    public ChildProcess Run(params IEnumerable<string> tests) => ChildProcess.Run(
        "env",
        [$"{Notification.LimitVariable}=10", _folder.PathOf(_program), "-nologo", "-nocolor", .. tests.SelectMany(static test => new[] { "-method", TestProgram.Prefix + test })])!;

    public void Dispose() => _folder.Dispose();
}

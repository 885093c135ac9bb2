namespace DmIoUring.DeviceTests.Simulation;

/// <summary>A bug made on purpose.</summary>
/// <param name="Name">What goes wrong.</param>
/// <param name="File">The source file, under src/DmIoUring.</param>
/// <param name="Find">What stands there, exactly once.</param>
/// <param name="Replacement">What stands there instead.</param>
/// <param name="FoundBy">The test that finds it, as project, namespace, class and method, where the simulation can't see it: no disk, no thread, no process is one there.</param>
public sealed record Mutation(string Name, string File, string Find, string Replacement, string? FoundBy = null)
{
    public override string ToString() => Name;
}

namespace DmIoUring.Telemetry;

/// <summary>The names and values of what instruments are tagged with: OpenTelemetry's where it has one.</summary>
internal static class Tags
{
    public const string Device = "system.device";
    public const string DiskDirection = "disk.io.direction";
    public const string Error = "error.type";
    public const string Operation = "dmio.operation";
    public const string Cause = "dmio.cause";
    public const string Outcome = "dmio.outcome";
    public const string Driver = "dmio.driver";
    public const string Lane = "dmio.lane";
    public const string Reserve = "dmio.reserve";

    private static readonly string[] Operations = ["read", "write", "flush", "discard", "write_zeroes"];

    /// <summary>The name of an operation by its number, which is that of its <see cref="DeviceCounter"/>.</summary>
    public static string OperationName(int operation) => Operations[operation];

    /// <summary>The direction of an operation that moves data.</summary>
    public static string? Direction(int operation) => (DeviceCounter)operation switch
    {
        DeviceCounter.Reads => "read",
        DeviceCounter.Writes => "write",
        _ => null,
    };
}

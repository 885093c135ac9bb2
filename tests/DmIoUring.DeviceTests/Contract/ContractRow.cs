namespace DmIoUring.DeviceTests.Contract;

/// <summary>A rule of dm-io's contract and what holds it.</summary>
/// <param name="Id">Its name in the table.</param>
/// <param name="Kernel">What the kernel does.</param>
/// <param name="Here">What this library does.</param>
/// <param name="Tests">The tests that hold it, as <c>Class.Method</c>.</param>
internal sealed record ContractRow(string Id, string Kernel, string Here, params string[] Tests);

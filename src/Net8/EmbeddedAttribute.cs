namespace Microsoft.CodeAnalysis;

/// <summary>A type that has it is its own assembly's alone: those that see the assembly's internal types do not see it, and have their own.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface | AttributeTargets.Delegate | AttributeTargets.Enum)]
internal sealed partial class EmbeddedAttribute : Attribute;

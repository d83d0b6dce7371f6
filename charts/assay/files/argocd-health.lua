-- Health of a Rollout of rollouts.kruise.io for Argo CD, from the conditions that Assay gives it:
-- Stalled is a release that was taken back, aborted, or cannot go on; Reconciling is one under way.
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function isTrue(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

local function told(kind)
  local condition = conditions[kind]
  local message = condition.message
  if message == nil or message == "" then
    message = status.message
  end
  if message == nil or message == "" then
    return condition.reason
  end
  return condition.reason .. ": " .. message
end

if conditions.Ready == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "waiting for Assay to see this Rollout" }
end
if isTrue("Stalled") then
  return { status = "Degraded", message = told("Stalled") }
end
if isTrue("Ready") then
  if conditions.Ready.reason == "Disabled" then
    return { status = "Suspended", message = "the Rollout is disabled" }
  end
  return { status = "Healthy", message = status.message or "" }
end
if status.currentStepState == "StepPaused" or (conditions.Reconciling or {}).reason == "Paused" then
  return { status = "Suspended", message = status.message or "the step waits for a person" }
end
return { status = "Progressing", message = told("Ready") }
